"""The whole spec of a seed: parameters, defaults, library, blocks, the model, variants and what is expected."""

from copy import deepcopy
from random import Random
from typing import Any

import torch

from random_networks.generate import WRONG, Generator, Spec, defined
from random_networks.proposals import Fields
from random_networks.reference import BATCH, Constant, File, Frame, Program, Reading, Scope, Tree
from random_networks.terms import Context, Shape, Term, Writer, evaluate

KNOBS: dict[str, Any] = {
    "w": [2, 3, 4, 6, 8],
    "n": [1, 2, 3],
    "q": [0.25, 0.5, 1.5],
    "wide": [True, False],
    "ws": [[2, 4, 6], [3, 1, 5]],
    "act": ["relu", "silu", "gelu"],
}


def spec_of(seed: int) -> Spec:
    """The spec of a seed. The same for ever, as long as this package is."""
    for attempt in range(100):
        try:
            made = _spec(seed * 1000 + attempt)
        except WRONG:
            continue
        if made is not None:
            return made
    raise AssertionError(f"seed {seed} makes nothing")


def _spec(seed: int) -> Spec | None:
    rng = Random(seed)
    maker = Generator(seed)
    table: dict[str, Any] = {"archspec": 1}
    knobs(table, rng)
    spec = Spec(table)
    if rng.random() < 0.25:
        spec.library = library(maker, rng)
        table["use"] = {"lib": "parts/library.toml" if rng.random() < 0.5 else "library.json"}
    file = spec.file(None)
    if rng.random() < 0.3:
        table["defaults"] = defaults(rng, Writer(rng, Context(file.names)))
    for number in range(rng.choice([0, 1, 1, 2, 3])):
        file = spec.file(None)
        word = f"block{number}" if rng.random() < 0.8 else f"block-{number}"
        blocks = table.setdefault("blocks", {})
        blocks[word] = maker.block(file, number)
    maker.reading = Reading()
    maker.counters = []
    table["model"] = model(maker, rng, spec.file(None))
    variants(spec, rng)
    if not sound(spec):
        return None
    extras(spec, rng)
    return spec


def sound(spec: Spec) -> bool:
    """Whether there is something to run, and the batch stays the first axis: the rest is left to the reference.

    Where a value of less axes is added, the batch can meet channels, which fits for one batch alone.
    """
    programs = [spec.read(variant) for variant in spec.variants]
    if not programs[0].steps:
        return False
    return all(
        new[1:] == old[1:]
        for program in programs
        if is_free(spec)
        for new, old in zip(larger(program), map(program.shape, range(len(program.values))), strict=True)
    )


def knobs(table: dict[str, Any], rng: Random) -> None:
    names = rng.sample(sorted(KNOBS), rng.randint(0, len(KNOBS)))
    for word in names:
        value = rng.choice(KNOBS[word])
        long = rng.random() < 0.3 or (word == "act" and rng.random() < 0.5)
        kind = {"w": "int", "n": "int", "q": "float", "wide": "bool", "ws": "list", "act": "op"}[word]
        table.setdefault("params", {})[word] = (
            {"type": kind, "default": value, "doc": "A knob."} if long else value
        )
    if rng.random() < 0.4:
        writer = Writer(rng, Context(defined(table, {}).names))
        table["let"] = {"half": writer.integer(1, 8, 0.1), "small": writer.flag(plain=0.1)}


def defaults(rng: Random, writer: Writer) -> Fields:
    found: Fields = {}
    if rng.random() < 0.6:
        found["conv"] = {"bias": writer.flag(), **({"padding": "half"} if rng.random() < 0.5 else {})}
    if rng.random() < 0.3:
        found["leaky_relu"] = {"negative_slope": writer.fraction(0.1, 0.5)}
    if rng.random() < 0.3:
        found["batchnorm"] = {"eps": 1e-3, "momentum": writer.fraction(0.05, 0.5)}
    if rng.random() < 0.3:
        found["dropout"] = {"p": writer.fraction(0.0, 0.9)}
    return found


def library(maker: Generator, rng: Random) -> dict[str, Any]:
    table: dict[str, Any] = {"archspec": 1}
    if rng.random() < 0.5:
        knobs(table, rng)
    if rng.random() < 0.4:
        table["defaults"] = defaults(rng, Writer(rng, Context(defined(table, {}).names)))
    for number in range(rng.randint(1, 2)):
        file = defined(table, {})
        table.setdefault("blocks", {})[f"unit{number}"] = maker.block(file, number)
    return table


def model(maker: Generator, rng: Random, file: File) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if rng.random() < 0.3:
        table["name"] = rng.choice(["net", "my net", "naïve-net"])
    axes = rng.choice([1, 2, 2, 2, 2, 2, 3, 0]) if rng.random() < 0.9 else 2
    writer = Writer(rng, Context(file.names))
    sizes = [writer.exactly(rng.randint(5, 13 if axes < 3 else 7), 0.8) for _ in range(axes)]
    batch = maker.batch = "N" if file.blocks or file.uses or rng.random() < 0.85 else BATCH
    shape = [batch, writer.integer(1, 6, 0.7), *sizes]
    if rng.random() < 0.15:
        table["inputs"] = [
            {"name": "image", "shape": shape},
            {"name": "guide", "shape": [batch, rng.randint(1, 4), *sizes]},
        ]
    else:
        table["input"] = shape
    scope = maker.reading.opened(file, table, file.names)
    if rng.random() < 0.2:
        inner = Writer(rng, maker.reading.context(scope, None), ("input",))
        table["let"] = {"hidden": inner.integer(1, 8, 0.1)}
        scope = Scope(
            file,
            scope.frame,
            scope.tree,
            {**scope.names, "hidden": evaluate(table["let"]["hidden"], inner.context)},
        )
    start = (maker.reading.program.inputs[0],)
    if "inputs" in table and rng.random() < 0.5:
        scope.frame.names["input"] = start
    table["layers"], end = maker.chain(rng.randint(3, 8), start, scope, 3)
    ends(maker, rng, table, scope, end)
    if rng.random() < 0.2:
        table["doc"] = "A network."
    return table


def ends(maker: Generator, rng: Random, table: dict[str, Any], scope: Scope, end: Any) -> None:
    """A head or two, several outputs, outputs of training."""
    if rng.random() < 0.3 and len(maker.shape(end)) > 2:
        for node in ("global_avgpool", "flatten", {"name": "fc", "op": "linear", "out": rng.randint(1, 10)}):
            made = maker.attempt(node, end, scope)
            if made is not None:
                table["layers"].append(node)
                end = made
    named = [path for path, _ in maker.visible(scope) if path not in ("input", "image", "guide")]
    if rng.random() < 0.12 and named:
        source = rng.choice(named)
        head, _ = maker.chain(rng.randint(1, 2), scope.frame.find(source), maker.nested(scope), 1)
        label = maker.fresh(scope, "aux")
        if head and maker.attempt({"name": label, "from": source, "layers": head}, end, scope) is not None:
            back = maker.fresh(scope, "last")
            table["layers"] += [{"op": "identity", "name": back, "from": "x"}]
            maker.attempt(table["layers"][-1], end, scope)
            table["layers"] += [{"name": label, "from": source, "layers": head}]
            table["train_outputs"] = [label]
            table["outputs"] = [back]
            return
    if rng.random() < 0.25 and named:
        values = {
            maker.found(scope, path): path for path in rng.sample(named, min(len(named), rng.randint(1, 3)))
        }
        table["outputs"] = [
            output(maker, rng, path, scope, end) for path in values.values()
        ]  # each value once


def output(maker: Generator, rng: Random, path: str, scope: Scope, end: Any) -> Any:
    """An output as its path, or as a table."""
    if rng.random() < 0.5 and path.rpartition(".")[2] not in "0123456789":
        return path
    table: dict[str, Any] = {"of": path, "name": maker.label("out")}
    if rng.random() < 0.4:
        table["when"] = maker.writer(end, scope).flag(plain=0.2)
    return table


def variants(spec: Spec, rng: Random) -> None:
    """Other values for the parameters, as far as the network stands them."""
    params = spec.table.get("params", {})
    if not params or rng.random() < 0.4:
        return
    found: dict[str, Any] = {"base": {}} if rng.random() < 0.5 else {}
    for word in ("small", "large"):
        changed = {
            key: rng.choice(KNOBS[key]) for key in rng.sample(sorted(params), rng.randint(1, len(params)))
        }
        trial = Spec({**spec.table, "variants": {word: changed}}, spec.library)
        try:
            trial.read(word)
        except WRONG:
            continue
        found[word] = changed
    if found:
        spec.table["variants"] = found
        spec.variants = list(found)


def extras(spec: Spec, rng: Random) -> None:
    if rng.random() < 0.5:
        expected = {variant: expectation(spec, variant, rng) for variant in spec.variants}
        spec.table["expect"] = expected.get(None, expected)
    if rng.random() < 0.2:
        spec.table["lint"] = {"ignore": ["AS6"] if rng.random() < 0.5 else ["bias-before-norm", "AS601"]}


def expectation(spec: Spec, variant: str | None, rng: Random) -> dict[str, Any]:
    """What the network's numbers must be, by the reference."""
    program = spec.read(variant)
    least, most = params_of_inference(program)
    found: dict[str, Any] = {"params": most if least == most and rng.random() < 0.5 else f"<= {most}"}
    if rng.random() < 0.5 and not program.heads:
        buffers = [b for _, module in program.modules() for b in module.buffers()]
        buffers += [step.module.values for step in program.steps if isinstance(step.module, Constant)]
        found["buffers"] = sum(b.numel() for b in buffers)
    if rng.random() < 0.5:
        found["macs"] = rng.choice(["< 1G", ">= 0", "<= 900M"])
    if rng.random() < 0.5:
        index = program.outputs[0]
        shape = list(program.shape(index))
        times = images(spec, program)
        grows = "N" if times == 1 else f"{times} * N"
        found["output"] = [grows, *shape[1:]] if times else shape
    return found


def images(spec: Spec, program: Program) -> int:
    """By how much the first axis of the first output grows with each image of the batch; 0 where it does not."""
    index = program.outputs[0]
    return larger(program)[index][0] - program.shape(index)[0] if is_free(spec) else 0


def is_free(spec: Spec) -> bool:
    """Whether the batch is."""
    model = spec.table["model"]
    return bool((model.get("input") or model["inputs"][0]["shape"])[0] == "N")


def larger(program: Program) -> list[Shape]:
    """The shapes of all values for a batch of one image more."""
    more = [torch.empty([BATCH + 1, *program.shape(index)[1:]], device="meta") for index in program.inputs]
    return [tuple(value.shape) for _, value in sorted(program.computed(more).items())]


def params_of_inference(program: Program) -> tuple[int, int]:
    """The least and the most parameters that inference can have; without training outputs they are the same.

    A node that leads to nothing but training outputs is not there. One that leads nowhere is, unless what it takes is
    not; and a module that is there is given all its inputs, for whatever part of it they are.
    """
    total = sum(size for _, size in sizes(program))
    live, dead = reaching(program, program.outputs), reaching(program, program.heads)
    late = 0
    for owner, size in sizes(program):
        steps = [k for k, step in enumerate(program.steps) if owner(step)]
        late += size if steps and all(k not in live for k in steps) else 0
    return (total - late if dead else total), total


def reaching(program: Program, goals: list[int]) -> set[int]:
    """The steps that values depend on."""
    wanted, found = set(goals), set()
    for number in range(len(program.steps) - 1, -1, -1):
        step = program.steps[number]
        if wanted & set(step.outputs):
            found.add(number)
            wanted |= set(step.inputs)
    return found


def sizes(program: Program) -> Any:
    for path, module in program.modules():
        count = sum(p.numel() for p in module.parameters())
        if count:
            yield (lambda step, path=path: step.path == path), count
    for number, step in enumerate(program.steps):
        if not step.path and not step.inputs and not isinstance(step.module, Constant):  # a parameter
            yield (
                (lambda other, number=number: program.steps[number] is other),
                int(torch.tensor(program.shape(step.outputs[0])).prod()),
            )


__all__ = ["Frame", "Term", "Tree", "deepcopy", "spec_of"]
