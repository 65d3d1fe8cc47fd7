"""Where a node stands in its body: numbers for what comes before it and after it, whatever names are."""

from archspec.analysis.diff.forms import Forms
from archspec.ir import Module


def before(forms: Forms, module: Module) -> dict[int, int]:
    """For each node that is not removed, the number of itself with all that its inputs come from."""
    values: list[int] = [forms.number(("input", index)) for index in range(len(module.inputs))]
    found: dict[int, int] = {}
    for index, node in enumerate(module.body):
        taken = tuple([values[value] for value in node.inputs])
        if node.module.is_removed:
            values.append(taken[0])
            continue
        found[index] = forms.number(("before", forms.form(node.module), taken, node.shares is None))
        values += [forms.number(("part", found[index], part)) for part in range(len(node.module.outputs))]
    return found


def after(forms: Forms, module: Module) -> dict[int, int]:
    """For each node that is not removed, the number of itself with all that is made of its outputs."""
    users: list[list[int]] = [[] for _ in range(len(module.inputs))]
    users += [[] for node in module.body for _ in node.module.outputs]
    for place, result in enumerate(module.results):
        users[result].append(forms.number(("result", place)))
    found: dict[int, int] = {}
    for index, (node, made) in reversed([*enumerate(module.values())]):
        if node.module.is_removed:
            users[node.inputs[0]] += users[made[0]]
            continue
        uses = tuple([tuple(sorted(users[value])) for value in made])
        found[index] = forms.number(("after", forms.form(node.module), uses, node.shares is None))
        for place, value in enumerate(node.inputs):
            users[value].append(forms.number(("use", found[index], place)))
    return found


def alone(forms: Forms, module: Module) -> dict[int, int]:
    """For each node that is not removed, the number of itself."""
    return {
        index: forms.form(node.module) for index, node in enumerate(module.body) if not node.module.is_removed
    }
