"""Identifiers for classes, attributes, arguments and variables, none of which shadows a name that the code uses."""

import builtins
import keyword
import re
from collections.abc import Iterable
from itertools import count

_WORDS = re.compile(r"[A-Za-z0-9]+")
TAKEN = frozenset(
    {
        *dir(builtins),
        *keyword.kwlist,
        *keyword.softkwlist,
        "torch",
        "Tensor",
        "nn",
        "F",
        "OrderedDict",
        "self",
        "make_divisible",
        "_",
    }
)
"""Names that no class, argument or variable may have."""

_SPELLINGS = {
    "alexnet": "AlexNet",
    "bn": "BN",
    "convnext": "ConvNeXt",
    "dcgan": "DCGAN",
    "densenet": "DenseNet",
    "efficientnet": "EfficientNet",
    "googlenet": "GoogLeNet",
    "lenet": "LeNet",
    "mnasnet": "MNASNet",
    "mobilenet": "MobileNet",
    "nin": "NiN",
    "regnet": "RegNet",
    "resnet": "ResNet",
    "resnext": "ResNeXt",
    "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet",
    "unet": "UNet",
    "vgg": "VGG",
}
"""The spellings of network names that cannot be derived from their names in lower case."""


def is_attribute(name: str) -> bool:
    """Whether `self.name` is valid and does not clash with an attribute of `nn.Module`."""
    return name.isidentifier() and not keyword.iskeyword(name)


def class_name(name: str) -> str:
    """`basic_conv` as `BasicConv`, `resnet50` as `ResNet50`, `resnext50_32x4d` as `ResNeXt50_32x4d`."""
    text = ""
    for word in _WORDS.findall(name):
        stem = word.rstrip("0123456789")
        spelt = _SPELLINGS.get(stem.lower(), stem[:1].upper() + stem[1:]) + word[len(stem) :]
        text += "_" * bool(text[-1:].isdigit() and spelt[:1].isdigit()) + spelt
    return text if text[:1].isalpha() else f"Net{text}"


def variable_name(name: str) -> str:
    """A name of the spec as a Python identifier, such as `block1_0` for `block1-0`."""
    text = "_".join(re.findall(r"[A-Za-z0-9_]+", name))
    return text if text[:1].isalpha() or text[:1] == "_" else f"_{text}"


class Namer:
    """Allocates unique names."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {*TAKEN, *taken}

    def give(self, name: str) -> str:
        """`name` if it is unused, else `name` with a number; a Python keyword gets an underscore."""
        candidates = [name]
        if name in TAKEN:
            candidates.append(f"{name}_")
        numbered = (f"{name}{'_' * name[-1:].isdigit()}{number}" for number in count(2))
        found = next((item for item in candidates if item not in self.taken), None)
        if found is None:
            found = next(item for item in numbered if item not in self.taken)
        self.taken.add(found)
        return found
