"""Stand-ins for PyTorch's modules, which record their constructor arguments."""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar, Self

from archspec.backends.torch.check.values import ExpressionKey, Recorder, Symbolic, TrainingFlag


class Modules(Recorder):
    """The table of all symbolic values, and the modules of the source's own classes."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[ExpressionKey, Module] = {}


def names(recorder: Modules) -> dict[str, Any]:
    """The namespace that generated source imports."""
    own = {"recorder": recorder}
    kinds = {
        kind.__name__: _Made(kind.__name__, (kind,), own)
        for kind in (Module, Sequential, ModuleDict, ModuleList)
    }

    def buffer(value: Any, *, persistent: bool = True) -> BareParameter:
        return BareParameter(recorder, value, "in the state_dict" if persistent else "not in the state_dict")

    def parameter(value: Any) -> BareParameter:
        return BareParameter(recorder, value)

    nn = Namespace(recorder, init=InitFunctions(), Parameter=parameter, Buffer=buffer, **kinds)
    return {
        "torch": recorder.value("name", "torch"),
        "F": recorder.value("name", "F"),
        "nn": nn,
        "Tensor": Symbolic,
        "OrderedDict": OrderedDict,
        "math": math,
    }


class BareParameter(Symbolic):
    """A bare parameter or buffer created by the source."""

    __slots__ = ("buffer", "first", "inits")

    def __init__(self, recorder: Recorder, first: Any, buffer: str = "") -> None:
        super().__init__(recorder, ("parameter", first), -1)
        self.first, self.buffer = first, buffer
        self.inits: dict[str, Any] = {}

    def note(self, how: Any) -> None:
        """Record a call of an initialiser."""
        self.inits[""] = how


class LeafWeight:
    """A parameter of a PyTorch module."""

    def __init__(self, module: "Leaf", name: str) -> None:
        self.module, self.name = module, name

    def __getattr__(self, name: str) -> "LeafWeight":
        return LeafWeight(self.module, f"{self.name}.{name}")

    def note(self, how: Any) -> None:
        """Record a call of an initialiser."""
        self.module.inits[self.name] = how


class InitFunctions:
    """`nn.init`."""

    def __getattr__(self, name: str) -> Any:
        return lambda weight, *args, **words: weight.note((name, args, words))


class Namespace(SimpleNamespace):
    """A stand-in for `nn`, which provides a class for every name."""

    def __init__(self, recorder: Modules, **names: Any) -> None:
        super().__init__(recorder=recorder, **names)

    def __getattr__(self, name: str) -> type["Leaf"]:
        made = type(name, (Leaf,), {"kind": f"nn.{name}", "recorder": self.recorder})
        setattr(self, name, made)
        return made


class Leaf:
    """A module of PyTorch or of a helper class, with its arguments."""

    kind: ClassVar[str]
    recorder: ClassVar[Modules]

    def __init__(self, *args: Any, **words: Any) -> None:
        self.inplace = words.pop("inplace", False)
        self.args, self.words = args, words
        self.inits: dict[str, Any] = {}

    def __call__(self, *args: Any, **words: Any) -> Symbolic:
        """The value of a call."""
        return self.recorder.call(self, args, {**words, "inplace": True} if self.inplace else words)

    def __getattr__(self, name: str) -> LeafWeight:
        if name.startswith("__"):
            raise AttributeError(name)
        return LeafWeight(self, name)


class _Made(type):
    """A metaclass whose classes return modules with shared content for equal arguments."""

    def __call__(cls, *args: Any, **words: Any) -> Any:
        recorder: Modules = cls.recorder  # type: ignore[attr-defined]
        if cls.__module__ == __name__:  # a container, whose arguments are modules
            return super().__call__(*args, **words)
        key = (cls, args, tuple(words.items()))
        known = recorder.made.get(key)
        if known is None:
            known = recorder.made[key] = super().__call__(*args, **words)
            return known
        twin: Any = object.__new__(cls)  # type: ignore[arg-type]
        object.__setattr__(twin, "__dict__", known.__dict__)
        return twin


class Module(metaclass=_Made):
    """`nn.Module`."""

    recorder: ClassVar[Modules]
    __children__: "dict[str, Child]"

    def __init__(self) -> None:
        object.__setattr__(self, "__children__", {})

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Module | Leaf | BareParameter):
            self.__children__[name] = value
        object.__setattr__(self, name, value)

    def __setitem__(self, name: str, module: "Child") -> None:
        self.__children__[name] = module

    def __getitem__(self, name: str | int) -> "Child":
        return self.__children__[str(name)]

    def __call__(self, *args: Any, **words: Any) -> Symbolic:
        """The value of a call."""
        return self.recorder.call(self, args, words)

    add_module = register_parameter = __setitem__

    @property
    def training(self) -> TrainingFlag:
        """Whether it is in training mode."""
        return self.recorder.training

    def values(self) -> "Iterator[Child]":
        """The direct children."""
        return iter(self.__children__.values())

    def modules(self) -> "Iterator[Module | Leaf]":
        """All modules, each object once even if its content is shared."""
        seen: dict[int, Module | Leaf] = {id(self.__dict__): self}
        for module in (stack := [self]):
            for child in module.values():
                if isinstance(child, Module | Leaf) and id(child.__dict__) not in seen:
                    seen[id(child.__dict__)] = child
                    stack += [child] if isinstance(child, Module) else []
        yield from seen.values()

    def register_buffer(self, name: str, value: None) -> None:
        """A buffer that this instance lacks."""
        object.__setattr__(self, name, value)

    def get_parameter(self, path: str) -> "BareParameter | LeafWeight":
        """The parameter, or the buffer, at a path."""
        found: Child = self
        names = path.split(".")
        while isinstance(found, Module):
            found = found[names.pop(0)]
        return found if isinstance(found, BareParameter) else LeafWeight(found, ".".join(names))

    get_buffer = get_parameter


class Sequential(Module):
    """`nn.Sequential`."""

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = modules and isinstance(modules[0], OrderedDict)
        self.__children__.update(modules[0] if named else {str(at): made for at, made in enumerate(modules)})

    def append(self, module: "Child") -> Self:
        """Add a module, named by its position."""
        self[str(len(self.__children__))] = module
        return self

    def forward(self, x: Symbolic) -> Symbolic:
        """Call the modules in order."""
        for module in self.values():
            x = module(x)
        return x


class ModuleDict(Module):
    """`nn.ModuleDict`."""

    def __init__(self, modules: "dict[str, Child] | None" = None) -> None:
        super().__init__()
        self.__children__.update(modules or {})


class ModuleList(Module):
    """`nn.ModuleList`."""

    def __init__(self, modules: "Iterable[Child]" = ()) -> None:
        super().__init__()
        self.__children__.update({str(at): made for at, made in enumerate(modules)})


def is_container(module: object) -> bool:
    """Whether a module has no `forward` of its own: the class around it calls its modules."""
    return isinstance(module, ModuleDict | ModuleList) and type(module).__module__ == __name__


Child = Module | Leaf | BareParameter
