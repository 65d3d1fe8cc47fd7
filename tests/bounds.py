"""What a verdict costs on hostile files: `python tests/bounds.py`, some minutes.

Each case is a file, or several, made to cost as much as can be. `archspec validate` looks at it in a process of its
own, and has to come to a verdict, that is exit code 0 or 1, in 2 seconds of processor time for a file below 100 kB, in
2 seconds a megabyte above, and in 300 MB of memory. The cases that do not keep to that are marked, and the exit code
is 1.

    python tests/bounds.py doubling      the cases that have the word in their names
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SECONDS, SECONDS_A_MEGABYTE, MEGABYTES = 2, 2, 300
GUARD = 40
"""The seconds after which a case is stopped."""

Files = dict[str, str | bytes]
CASES: dict[str, Callable[[], Files]] = {}


def case(make: Callable[[], Files | str | bytes]) -> Callable[[], Files]:
    """A case. One text is `net.toml`, or `net.json` if it begins with a brace."""

    def files() -> Files:
        made = make()
        if isinstance(made, dict):
            return made
        return {"net.json" if made[:1] in ("{", b"{") else "net.toml": made}

    CASES[make.__name__.replace("_", " ")] = files
    return files


def net(layers: str, more: str = "", top: str = "", shape: str = '"N", 3, 8, 8') -> str:
    """A spec with these nodes."""
    return f"archspec = 1\n{top}\n[model]\ninput = [{shape}]\nlayers = {layers}\n{more}\n"


def many(item: str, number: int, separator: str = ", ") -> str:
    """The items with their numbers in the place of `#`, which `~` is one more than."""
    return separator.join(item.replace("#", str(i)).replace("~", str(i + 1)) for i in range(number))


# --- texts ---------------------------------------------------------------------------------------------------


@case
def blanks_in_an_initialiser() -> str:
    return net('[{ op = "conv", out = 4, kernel = 1, init = { weight = "normal(' + " " * 90_000 + 'x" } }]')


@case
def blanks_between_arguments() -> str:
    return net(
        '[{ op = "conv", out = 4, kernel = 1, init = { weight = "uniform(1' + " " * 90_000 + 'x, 2)" } }]'
    )


@case
def digits_in_an_initialiser() -> str:
    return net('[{ op = "conv", out = 4, kernel = 1, init = { weight = "normal(' + "1" * 90_000 + 'x)" } }]')


@case
def constant_comprehensions() -> str:
    made = many('v# = "sum([i % ~ * i for i in range(280)])"', 1500, "\n")
    return net('["relu"]', top=f"[let]\n{made}")


@case
def comprehensions_in_copies() -> str:
    layers = '[{ op = "conv", out = "sum([i + k for k in range(900)]) + 9", kernel = 1, repeat = 9000 }]'
    return net(layers)


@case
def nested_comprehensions() -> str:
    return net(
        '["relu"]',
        top='[params]\nn = 30\n[let]\na = "sum([sum([i * j for i in range(n * 30)]) for j in range(n * 30)])"',
    )


@case
def blanks_in_an_expectation() -> str:
    return net('["relu"]', '[expect]\nparams = "<= 1' + " " * 90_000 + 'x"')


@case
def digits_in_an_expectation() -> str:
    return net('["relu"]', '[expect]\nparams = "<= ' + "1" * 90_000 + '.5"')


@case
def a_long_expression() -> str:
    return net('[{ op = "conv", out = "' + "1+" * 45_000 + '1" }]')


@case
def a_long_template() -> str:
    return net('[{ op = "relu", name = "' + "{a" * 45_000 + '" }]')


@case
def a_long_template_of_braces() -> str:
    return net('[{ op = "relu", name = "' + "{i}" * 30_000 + '", repeat = 3 }]')


@case
def a_long_path() -> str:
    return net('[{ op = "relu", from = "' + "a." * 45_000 + 'a" }]')


@case
def a_long_glob() -> str:
    return net(
        '[{ name = "a", op = "relu", repeat = 900 }, { op = "add", from = ["' + "a.*." * 20_000 + 'b"] }]'
    )


@case
def long_names_that_are_alike() -> str:
    return net('["' + "a" * 40_000 + 'b"]', "[blocks." + "a" * 40_000 + "c]\nlayers = []")


@case
def names_with_brackets_in_messages() -> str:
    return net(f"[{many(chr(34) + '`' * 300 + '#' + chr(34), 250)}]")


@case
def long_text_in_messages() -> str:
    return net('[{ op = "relu", from = "' + "ü" * 40_000 + '" }]')


@case
def a_megabyte_of_text() -> str:
    return net('["relu"]', 'doc = "' + "a\\\\" * 300_000 + '"')


@case
def megabytes_of_text_behind_a_finding() -> str:
    return net('["rellu"]', 'doc = """' + "a\\\\\n" * 3_000_000 + '"""')


@case
def megabytes_of_comments_behind_a_finding() -> str:
    return net('["rellu"]', "# comment\n" * 1_600_000)


@case
def a_comment_of_dots() -> str:
    return "# " + "a." * 500_000 + "\n" + net('["rellu"]')


@case
def comments_of_dots() -> str:
    return ("# " + "a." * 200 + "\n") * 2_500 + net('["rellu"]')


@case
def a_text_of_dots() -> str:
    return net('["rellu"]', 'doc = "' + "a." * 500_000 + '"')


@case
def lines_that_end_in_returns() -> str:
    return net('["rellu"]', "\r\n" * 500_000)


@case
def megabytes_of_blanks() -> str:
    return net('["rellu"' + " " * 5_000_000 + "]")


@case
def nulls() -> bytes:
    return b"\0" * 1_000_000


@case
def not_utf_8() -> bytes:
    return net('["relu"]').encode() + b"\n" * 1_000_000 + b"\xff" * 1_000_000


@case
def a_file_of_16_megabytes() -> bytes:
    return b"#" * (16 * 2**20)


@case
def a_file_above_16_megabytes() -> bytes:
    return b"[" * (16 * 2**20 + 1)


@case
def a_number_of_many_digits() -> str:
    return net('["relu"]', "", "params = { a = " + "1" * 90_000 + " }")


@case
def a_fraction_of_many_digits() -> str:
    return net('["relu"]', "", "params = { a = 0." + "1" * 90_000 + " }")


# --- nesting -------------------------------------------------------------------------------------------------


@case
def a_dotted_key() -> str:
    return ".".join("a" * 200_000) + " = 1\n"


@case
def a_dotted_key_with_quotes_and_blanks() -> str:
    return " . ".join(['"a"', "'b'"] * 50_000) + " = 1\n"


@case
def a_dotted_header() -> str:
    return "[" + ".".join("a" * 200_000) + "]\n"


@case
def dotted_keys_that_may_be() -> str:
    return many(".".join(["a#"] * 60) + " = 1", 4_000, "\n")


@case
def dotted_keys_in_tables() -> str:
    return net("[{ " + ".".join("a" * 45_000) + " = 1 }]")


@case
def lists_in_lists() -> str:
    return "a = " + "[" * 500_000


@case
def tables_in_tables() -> str:
    return "a = " + "{a=" * 500_000


@case
def lists_in_lists_of_json() -> str:
    return '{"a": ' + "[" * 500_000


@case
def objects_in_objects() -> str:
    return '{"a":' * 500_000


@case
def many_lists_that_are_deep() -> str:
    return "a = [" + many("[" * 60 + "]" * 60, 5_000) + "]"


@case
def groups_in_groups() -> str:
    return net("[{ layers = " * 30 + '["relu"]' + " }]" * 30)


# --- many ----------------------------------------------------------------------------------------------------


@case
def a_million_numbers_as_layers() -> str:
    return net("[" + "1," * 1_000_000 + "]")


@case
def a_million_numbers_as_layers_of_json() -> str:
    return '{"archspec": 1, "model": {"input": ["N", 3], "layers": [' + "1," * 1_000_000 + "1]}}"


@case
def a_million_numbers_as_a_param() -> str:
    return net('["relu"]', "", "params = { a = [" + "1," * 1_000_000 + "] }")


@case
def a_million_lists() -> str:
    return net("[" + "[]," * 1_000_000 + "]")


@case
def a_million_texts() -> str:
    return net("[" + '"relu",' * 1_000_000 + "]")


@case
def a_hundred_thousand_tables() -> str:
    return net("[" + many('{ op = "conv", out = #, kernel = 1, groups = # }', 100_000) + "]")


@case
def a_hundred_thousand_keys() -> str:
    return net('["relu"]') + many("k# = 1", 100_000, "\n")


@case
def two_hundred_thousand_keys_of_json() -> str:
    return "{" + many('"k#": 1', 200_000) + "}"


@case
def fifty_thousand_empty_blocks() -> str:
    return net('["relu"]', many("[blocks.b#]\nlayers = []", 50_000, "\n"))


@case
def fifty_thousand_headers() -> str:
    return many("[a#]", 50_000, "\n")


@case
def fifty_thousand_arrays_of_tables() -> str:
    return net("[]").replace("layers = []", "") + "[[model.layers]]\n" * 50_000


@case
def a_chain_of_fifty_thousand_lets() -> str:
    return net('["relu"]', "", "[let]\na0 = 1\n" + many('a~ = "a# + 1"', 50_000, "\n"))


@case
def fifty_thousand_params() -> str:
    return net('["relu"]', "", "[params]\n" + many("a# = 1", 50_000, "\n"))


@case
def many_variants_of_a_large_network() -> str:
    layers = '[{ op = "conv", out = "x.channels + i + k", kernel = 1, repeat = 2000 }]'
    return net(layers, "", "[params]\nk = 1\n[variants]\n" + many("v# = { k = ~ }", 3_000, "\n"))


@case
def many_variants_of_a_small_network() -> str:
    return net(
        '[{ op = "conv", out = "k", kernel = 1 }]',
        "",
        "[params]\nk = 1\n[variants]\n" + many("v# = { k = ~ }", 4_000, "\n"),
    )


@case
def many_expectations() -> str:
    return net('["relu"]', "[expect]\n" + many('e# = "<= 4k"', 50_000, "\n"))


@case
def many_expectations_of_variants() -> str:
    top = "[variants]\n" + many("v# = {}", 3_000, "\n")
    return net('["relu"]', many("[expect.v#]\nparams = 1\nmacs = 1", 3_000, "\n"), top)


@case
def many_defaults() -> str:
    return net('["relu"]', "", "[defaults]\n" + many("op# = { out = 4 }", 50_000, "\n"))


@case
def many_defaults_of_an_op() -> str:
    return net('["relu"]', "", "[defaults.conv]\n" + many("f# = 4", 50_000, "\n"))


@case
def a_long_list_of_ignored_rules() -> str:
    return net('["relu"]', "[lint]\nignore = [" + many('"AS6#"', 990) + "]")


@case
def many_libraries() -> Files:
    files: Files = {f"l{i}.toml": 'archspec = 1\n[blocks.b]\nlayers = ["relu"]\n' for i in range(2_000)}
    used = "[use]\n" + many('l# = "l#.toml"', 2_000, "\n")
    return {"net.toml": net(f"[{many(chr(34) + 'l#.b' + chr(34), 2_000)}]", "", used), **files}


@case
def one_library_by_many_names() -> Files:
    library = 'archspec = 1\n[blocks.b]\nlayers = ["relu"]\n' + "# comment\n" * 10_000
    return {
        "net.toml": net('["l0.b"]', "", "[use]\n" + many('l# = "./l.toml"', 3_000, "\n")),
        "l.toml": library,
    }


@case
def libraries_that_double() -> Files:
    files: Files = {
        f"l{i}.toml": f'archspec = 1\n[use]\na = "l{i + 1}.toml"\nb = "./l{i + 1}.toml"\n' for i in range(50)
    }
    return {"net.toml": net("[]", "", '[use]\nl = "l0.toml"'), **files, "l50.toml": "archspec = 1\n"}


# --- findings ------------------------------------------------------------------------------------------------


@case
def many_unknown_ops() -> str:
    return net("[" + many('"rellu"', 100_000) + "]")


@case
def many_unknown_fields() -> str:
    return net("[" + many('{ op = "conv", ot = # }', 40_000) + "]")


@case
def many_unknown_references() -> str:
    return net("[" + many('{ name = "nnnnnn#", op = "relu", from = "nnnnnnx#" }', 30_000) + "]")


@case
def many_shapes_that_do_not_fit() -> str:
    return net("[" + many('{ op = "conv", out = 4, kernel = 99# }', 30_000) + "]")


@case
def a_finding_with_many_calls() -> str:
    blocks = many('[blocks.b#]\nlayers = ["b~"]', 60, "\n") + '\n[blocks.b60]\nlayers = ["rellu"]'
    return net("[" + many('"b0"', 5_000) + "]", blocks)


@case
def many_findings_on_one_line_of_json() -> str:
    nodes = many('{"op": "conv", "ot": #}', 40_000)
    return f'{{"archspec": 1, "model": {{"input": ["N", 3, 8, 8], "layers": [{nodes}]}}}}'


@case
def many_blocks_that_no_network_has() -> str:
    return net(
        '["relu"]', many('[blocks.b#]\nlayers = ["relu", { op = "add", from = ["x", "0"] }]', 20_000, "\n")
    )


@case
def blocks_that_no_network_has_and_call_each_other() -> str:
    return net(
        '["relu"]', many('[blocks.b#]\nlayers = ["b~", "b~"]', 2_000, "\n") + "\n[blocks.b2000]\nlayers = []"
    )


@case
def blocks_that_call_many() -> str:
    calls = many('"c#"', 1_000)
    blocks = many(f"[blocks.b#]\nlayers = [{calls}]", 100, "\n")
    return net("[" + many('"b#"', 100) + "]", blocks + "\n" + many("[blocks.c#]\nlayers = []", 1_000, "\n"))


# --- networks ------------------------------------------------------------------------------------------------


@case
def doubling_blocks() -> str:
    blocks = many(
        '[blocks.b#]\nrequired = { p = "int" }\nlayers = [{ op = "b~", p = "2 * p" }, { op = "b~", p = "2 * p + 1" }]',
        29,
        "\n",
    )
    leaf = '[blocks.b29]\nrequired = { p = "int" }\nlayers = [{ op = "conv", out = "p", kernel = 1 }]'
    return net('[{ op = "b0", p = 1 }]', f"{blocks}\n{leaf}")


@case
def doubling_blocks_of_nothing() -> str:
    blocks = many(
        '[blocks.b#]\nrequired = { p = "int" }\nlayers = [{ op = "b~", p = "2 * p" }, { op = "b~", p = "2 * p + 1" }]',
        29,
        "\n",
    )
    return net('[{ op = "b0", p = 1 }]', f'{blocks}\n[blocks.b29]\nrequired = {{ p = "int" }}\nlayers = []')


@case
def doubling_blocks_with_long_lists() -> str:
    numbers = "[" + many("#", 900) + "]"
    one = '{{ op = "b~", p = "2 * p{0}", l = "l" }}'
    blocks = many(
        '[blocks.b#]\nrequired = { p = "int", l = "list" }\nlayers = ['
        + one.format("").replace("{{", "{").replace("}}", "}")
        + ", "
        + one.format(" + 1").replace("{{", "{").replace("}}", "}")
        + "]",
        29,
        "\n",
    )
    leaf = '[blocks.b29]\nrequired = { p = "int", l = "list" }\nlayers = [{ op = "conv", out = "p", kernel = 1 }]'
    return net('[{ op = "b0", p = 1, l = "numbers" }]', f"{blocks}\n{leaf}", f"[params]\nnumbers = {numbers}")


@case
def doubling_blocks_that_are_equal() -> str:
    return net(
        '["b0"]',
        many('[blocks.b#]\nlayers = ["b~", "b~"]', 60, "\n")
        + '\n[blocks.b60]\nlayers = [{ op = "conv", out = 3, kernel = 1 }]',
    )


@case
def copies_that_all_differ() -> str:
    return net('[{ op = "conv", out = "i + 1", kernel = 1, repeat = 49_000 }]')


@case
def copies_of_a_block_that_all_differ() -> str:
    conv = '{ op = "conv", out = "x.channels", kernel = "2 * p + 1", padding = "half" }'
    block = (
        f'[blocks.b]\nrequired = {{ p = "int" }}\nlayers = [{{ op = "residual", layers = [{conv}, "relu"] }}]'
    )
    return net('[{ op = "b", p = "i", repeat = 20_000 }]', block)


@case
def named_copies_that_all_differ() -> str:
    return net(
        '[{ name = "a", layers = [{ name = "b", op = "conv", out = "i + 1", kernel = 1 }, "relu"], repeat = 16_000 }]'
    )


@case
def copies_of_64_bits() -> str:
    return net('[{ repeat = 9223372036854775807, layers = [{ op = "relu", repeat = 9223372036854775807 }] }]')


@case
def copies_of_copies() -> str:
    return net("[" + "{ repeat = 900, layers = [" * 20 + '"relu"' + "] }" * 20 + "]")


@case
def copies_of_named_copies() -> str:
    return net(
        "["
        + '{ name = "a", repeat = 900, layers = [' * 20
        + '{ op = "conv", out = "x.channels + 1", kernel = 1 }'
        + "] }" * 20
        + "]"
    )


@case
def copies_that_almost_all_differ() -> str:
    return net('[{ op = "conv", out = "i % 9900 + 1", kernel = 1, repeat = 9_900 }]')


@case
def copies_that_are_equal() -> str:
    return net('[{ op = "conv", out = 3, kernel = 1, repeat = 49_000 }, "relu"]')


@case
def groups_that_are_equal() -> str:
    return net(
        '[{ repeat = 16_000, layers = [{ op = "conv", out = 3, kernel = 1, bias = false }, "batchnorm", "relu"] }]'
    )


@case
def as_many_blocks_as_may_be() -> str:
    return net('["relu"]', many('[blocks.b#]\nlayers = ["relu"]', 9_900, "\n"))


@case
def as_many_empty_blocks_as_may_be() -> str:
    return net('["relu"]', many("[blocks.b#]\nlayers = []", 9_900, "\n"))


@case
def as_many_lets_as_may_be() -> str:
    return net('["relu"]', "", "[let]\na0 = 1\n" + many('a~ = "a# + 1"', 9_900, "\n"))


@case
def as_many_params_as_may_be() -> str:
    return net('["relu"]', "", "[params]\n" + many("a# = 1", 9_900, "\n"))


@case
def as_many_defaults_as_may_be() -> str:
    return net('["relu"]', "", "[defaults]\n" + many("op# = { out = 4 }", 9_900, "\n"))


@case
def as_many_variants_as_may_be() -> str:
    return net(
        '[{ op = "relu", repeat = "k" }]',
        "",
        "[params]\nk = 1\n[variants]\n" + many("v# = { k = # }", 9_900, "\n"),
    )


@case
def as_many_unknown_ops_as_may_be() -> str:
    return net("[" + many('"rellu"', 9_900) + "]")


@case
def as_many_unknown_fields_as_may_be() -> str:
    return net("[" + many('{ op = "conv", ot = # }', 9_900) + "]")


@case
def as_many_unknown_references_as_may_be() -> str:
    return net("[" + many('{ name = "nnnnnn#", op = "relu", from = "nnnnnnx#" }', 9_900) + "]")


@case
def as_many_shapes_that_do_not_fit_as_may_be() -> str:
    return net("[" + many('{ op = "conv", out = 4, kernel = 99# }', 9_900) + "]")


@case
def as_many_joined_values_as_may_be() -> str:
    names = many('{ name = "n#", op = "relu" }', 900)
    sources = many('"n#"', 900)
    return net(f"[{names}, " + many(f'{{ op = "concat", from = [{sources}] }}', 120) + "]")


@case
def as_many_branches_as_may_be() -> str:
    return net(
        '[{ op = "concat", branches = [' + many('{ op = "conv", out = ~, kernel = 1 }', 9_800) + "] }]"
    )


@case
def as_many_parts_of_keys_as_may_be() -> str:
    return many(".".join(["a#"] * 16) + " = 1", 8_500, "\n")


@case
def dotted_keys_of_one_table() -> str:
    return many("a.b.c# = 1", 30_000, "\n")


@case
def headers_of_one_table() -> str:
    return many("[a.b.c#]", 9_900, "\n")


@case
def as_many_inline_tables_as_may_be() -> str:
    return net(
        '["relu"]', "", "[params]\n" + many("a# = { type = 'int', default = 1, doc = 'x' }", 9_900, "\n")
    )


@case
def as_many_nodes_as_may_be() -> str:
    return net("[" + many('"relu"', 9_900) + "]")


@case
def as_many_nodes_that_differ_as_may_be() -> str:
    return net("[" + many('{ op = "conv", out = ~, kernel = 1 }', 9_800) + "]")


@case
def as_many_calls_as_may_be() -> str:
    return net("[" + many('"b#"', 4_900) + "]", many("[blocks.b#]\nlayers = ['relu']", 4_900, "\n"))


@case
def as_many_values_as_may_be() -> str:
    return "archspec = 1\n[params]\n" + many("a# = [" + many("#", 900) + "]", 125, "\n")


@case
def dense_copies() -> str:
    return net('[{ op = "dense", repeat = 10_000, layers = [{ op = "conv", out = 8, kernel = 1 }] }]')


@case
def a_thousand_joins_of_a_thousand_values() -> str:
    names = many('{ name = "n#", op = "relu" }', 900)
    sources = many('"n#"', 900)
    return net(f"[{names}, " + many(f'{{ op = "concat", from = [{sources}] }}', 200) + "]")


@case
def joins_of_a_value_many_times() -> str:
    sources = many('"x"', 990)
    return net("[" + many(f'{{ op = "add", from = [{sources}] }}', 300) + "]")


@case
def wide_joins() -> str:
    return net(
        '[{ op = "concat", branches = [' + many('{ op = "conv", out = ~, kernel = 1 }', 20_000) + "] }]"
    )


@case
def joins_of_joins() -> str:
    return net("[" + '{ op = "add", branches = ["relu", ' * 12 + '"tanh"' + "] }" * 12 + "]")


@case
def all_values_joined_with_all() -> str:
    return net(
        '[{ name = "n{i}", op = "relu", repeat = 900 }, { repeat = 40, op = "add", from = ['
        + many('"n#"', 900)
        + "] }]"
    )


@case
def groups_that_see_everything() -> str:
    names = many('{ name = "n#", op = "relu" }', 3_000)
    return net(
        f"[{names}, " + many('{ name = "g#", layers = [{ op = "add", from = ["x", "n#"] }] }', 3_000) + "]"
    )


@case
def deep_groups_that_see_everything() -> str:
    names = many('{ name = "n#", op = "relu" }', 900)
    group = (
        '{ name = "g", layers = [' * 25 + '{ op = "add", from = [' + many('"n#"', 900) + "] }" + "] }" * 25
    )
    return net(f"[{names}, {group}]")


@case
def many_outputs() -> str:
    names = many('{ name = "n#", op = "relu" }', 990)
    return net(f"[{names}]").replace("layers", f"outputs = [{many(chr(34) + 'n#' + chr(34), 990)}]\nlayers")


@case
def a_split_into_many() -> str:
    return net(
        '[{ name = "s", op = "split", sections = 40_000 }, { op = "relu", from = "s.39999" }]',
        shape='"N", 40_000',
    )


@case
def many_weights_used_again() -> str:
    return net(
        '[{ name = "a", op = "conv", out = 3, kernel = 1 }, '
        + many('{ op = "reuse", of = "a" }', 20_000)
        + "]"
    )


@case
def lists_of_expressions() -> str:
    lists = many('l# = "[l + 1 for l in range(900)]"', 500, "\n")
    return net('["relu"]', "", "[let]\n" + lists)


@case
def lists_that_grow() -> str:
    return net(
        '[{ op = "linear", out = "len(a30)" }]', "", "[let]\na0 = [1]\n" + many('a~ = "a# + a#"', 30, "\n")
    )


@case
def powers() -> str:
    return net(
        '[{ op = "conv", out = "9**9**9", kernel = 1 }, { op = "conv", out = "a20", kernel = 1 }]',
        "",
        "[let]\na0 = 9\n" + many('a~ = "a# * a#"', 20, "\n"),
    )


@case
def text_that_grows() -> str:
    blocks = many('[blocks.b#]\nrequired = { t = "str" }\nlayers = [{ op = "b~", t = "{t}{t}" }]', 30, "\n")
    return net('[{ op = "b0", t = "tt" }]', blocks + '\n[blocks.b30]\nrequired = { t = "str" }\nlayers = []')


@case
def operators_on_long_lists() -> str:
    text = " and ".join(["len(l) in l"] * 50)
    return net(
        "[" + many(f'{{ op = "relu", when = "{text}" }}', 2_000) + "]",
        "",
        "[params]\nl = [" + many("#", 990) + "]",
    )


@case
def input_of_64_bits() -> str:
    return net(
        '[{ op = "conv", out = 9223372036854775807, kernel = 3 }, "flatten"]',
        shape='"N", 9223372036854775807, 9223372036854775807, 9223372036854775807',
    )


@case
def kernels_of_64_bits() -> str:
    large = 9223372036854775807
    return net(f'[{{ op = "conv", out = 4, kernel = {large}, padding = {large}, dilation = {large} }}]')


@case
def fields_that_grow() -> str:
    return net(
        '[{ op = "conv", out = 3, kernel = 3, padding = 1, dilation = "2**min(i, 40)", repeat = 3_000 }]',
        shape='"N", 3, 1000000000000, 8',
    )


class Cost(NamedTuple):
    """What a case costs."""

    bytes: int
    code: int
    seconds: float
    megabytes: float
    text: str

    @property
    def kept(self) -> bool:
        """Whether the bounds are kept to."""
        allowed = max(SECONDS, SECONDS_A_MEGABYTE * self.bytes / 1e6)
        return self.code in (0, 1) and self.seconds <= allowed and self.megabytes <= MEGABYTES


MEASURE = """
import re, resource, sys
from archspec.cli import main
sys.argv = ["archspec", "validate", "--output-format", "concise", "--", sys.argv[1]]
code = None
try:
    main()
except SystemExit as stop:
    code = stop.code or 0
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = re.search(r"VmHWM:\\s*([0-9]+) kB", open("/proc/self/status").read())[1]
    print("cost", code, used.ru_utime + used.ru_stime, int(peak) / 1000, file=sys.stderr)
"""


def measure(files: Files) -> Cost:
    """Validate the first of the files."""
    with tempfile.TemporaryDirectory() as folder:
        size = 0
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            Path(folder, name).write_bytes(data)
            size += len(data)
        command = [sys.executable, "-c", MEASURE, next(iter(files))]
        limit = resource.getrlimit(resource.RLIMIT_AS)[1]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=GUARD,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, limit)),
            )
        except subprocess.TimeoutExpired:
            return Cost(size, -1, GUARD, 0, "stopped")
    match = re.search(r"^cost (\d+) ([\d.]+) ([\d.]+)$", done.stderr, re.MULTILINE)
    if match is None:
        return Cost(size, -1, 0, 0, done.stderr.strip()[-200:])
    return Cost(size, int(match[1]), float(match[2]), float(match[3]), done.stdout.partition("\n")[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="parts of names of cases; default: all")
    words = parser.parse_args().words
    broken = 0
    print(f"{'case':<52} {'kB':>7} {'code':>4} {'s':>6} {'MB':>5}  verdict")
    for name, make in CASES.items():
        if words and not any(word in name for word in words):
            continue
        cost = measure(make())
        broken += not cost.kept
        mark = "" if cost.kept else "!"
        print(
            f"{name:<52} {cost.bytes / 1000:>7.0f} {cost.code:>4} {cost.seconds:>6.1f} {cost.megabytes:>5.0f}{mark:1}"
            f" {cost.text[:100]}",
            flush=True,
        )
    print(f"{broken} beyond the bounds")
    raise SystemExit(int(broken > 0))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
