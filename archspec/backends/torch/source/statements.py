"""Break statements that are too long for a line, as `ruff format` does."""

import ast
from collections.abc import Sequence
from itertools import pairwise

from archspec.backends.torch.source.layout import INDENT, WIDTH, are_short


def statement(text: str, indent: str) -> list[str]:
    """The lines of an assignment, a call or a `return`."""
    if len(indent) + len(text) <= WIDTH or not text.isascii():
        return [indent + text]
    node = ast.parse(text).body[0]
    writer = _Writer(text)
    match node:
        case ast.Return(value=ast.Tuple(elts=items)):
            return writer.listed("return (", items, ")", indent)
        case ast.Return(value=ast.expr() as value):
            return writer.value(value, "return ", indent)
        case ast.Assign(targets=[ast.Tuple(elts=items) as target], value=value):
            before = f"{writer.of(target)} = "
            if len(indent) + len(before) + 1 <= WIDTH:
                return writer.value(value, before, indent, always=True)
            *lines, last = writer.listed("(", items, ")", indent)
            return [*lines, *writer.value(value, f"{last.strip()} = ", indent)]
        case ast.Assign(targets=[target], value=value):
            return writer.value(value, f"{writer.of(target)} = ", indent)
        case ast.AnnAssign(target=target, annotation=kind, value=ast.expr() as value):
            return writer.value(value, f"{writer.of(target)}: {writer.of(kind)} = ", indent)
        case ast.Expr(value=ast.Call() as value):
            return writer.subscripted(value, "", indent) or writer.call(value, "", indent, "")
    return [indent + text]


def annotation(text: str, before: str, after: str, indent: str) -> list[str]:
    """The lines of a type annotation after `before`: `tuple[…]`, or a union with one."""
    if len(indent) + len(before) + len(text) + len(after) <= WIDTH:
        return [indent + before + text + after]
    node = ast.parse(text, mode="eval").body
    writer = _Writer(text)
    if isinstance(node, ast.Subscript):
        return writer.argument(node, before, indent, after)
    return [f"{indent}{before}(", *writer.operands(node, indent + INDENT), f"{indent}){after}"]


class _Writer:
    """Formats the expressions of one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def of(self, node: ast.expr | ast.keyword) -> str:
        """The source text of a node."""
        return self.text[node.col_offset : node.end_col_offset]

    def value(self, node: ast.expr, before: str, indent: str, *, always: bool = False) -> list[str]:
        """An assigned or returned value, parenthesised where that helps, or `always`."""
        flat = indent + before + self.of(node)
        if len(flat) <= WIDTH:
            return [flat]
        inner = indent + INDENT
        links = self.links(node)
        if len(links) > 1:
            lines = [inner + self.of(node)]
            if len(lines[0]) > WIDTH:
                ends = [node.col_offset, *links, node.end_col_offset]
                lines = [inner + self.text[start:stop] for start, stop in pairwise(ends)]
            return [f"{indent}{before}(", *lines, f"{indent})"]
        last, start = node, before
        if isinstance(node, ast.BinOp) and not _bind_alike(node, node.left):
            last, start = node.right, before + self.text[node.col_offset : node.right.col_offset]
        if isinstance(last, ast.Call) and (found := self.subscripted(last, start, indent)):
            return found
        if (
            isinstance(last, ast.Call)
            and len(indent + start + self.head(self.opened(last, indent + start))) <= WIDTH
        ):
            return self.call(last, start, indent, "")
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            return self.argument(node, before, indent, "")
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call):
            made = self.picked(node, node.value, before, indent, "")
            if are_short(made[:1]):
                return made
        lines = [inner + self.of(node)]
        if len(lines[0]) > WIDTH:
            lines = self.operands(node, inner)
        if always or isinstance(node, ast.BinOp) or are_short([f"{indent}{before}(", *lines]):
            return [f"{indent}{before}(", *lines, f"{indent})"]
        return self.call(node, before, indent, "") if isinstance(node, ast.Call) else [flat]

    def subscripted(self, node: ast.Call, before: str, indent: str) -> list[str]:
        """A call of an element with a long key; nothing if it is no such call."""
        func = node.func
        if not isinstance(func, ast.Subscript) or len(indent + before + self.head(node)) <= WIDTH:
            return []
        opening, inner = f"{self.of(func.value)}[", indent + INDENT
        closing = "]" + self.text[func.end_col_offset : node.end_col_offset]
        if len(indent + before + opening) <= WIDTH or len(inner + opening) > WIDTH or not before:
            return [indent + before + opening, inner + self.of(func.slice), indent + closing]
        key = inner + INDENT + self.of(func.slice)
        return [f"{indent}{before}(", inner + opening, key, inner + closing, f"{indent})"]

    def links(self, node: ast.expr) -> list[int]:
        """The offsets of method calls on results of calls; a chain of two or more is parenthesised."""
        found: list[int] = []
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
            if isinstance(node, ast.Call) and node.end_col_offset is not None:
                found.insert(0, node.end_col_offset)
        return found

    def operands(self, node: ast.expr, indent: str) -> list[str]:
        """The operands of a binary operator, each on a line; other expressions unchanged."""
        if not isinstance(node, ast.BinOp):
            return self.argument(node, "", indent, "")
        signs = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.BitOr: "|"}
        sign = signs[type(node.op)]
        same = isinstance(node.left, ast.BinOp) and type(node.left.op) is type(node.op)
        left = self.operands(node.left, indent) if same else self.argument(node.left, "", indent, "")
        return [*left, *self.argument(node.right, f"{sign} ", indent, "")]

    def picked(self, node: ast.Subscript, call: ast.Call, before: str, indent: str, after: str) -> list[str]:
        """A part of what a call returns, `f(x)[0]`: the index on a line of its own, or else the arguments."""
        head = f"{indent}{before}{self.of(call)}["
        if len(head) <= WIDTH:
            return [head, indent + INDENT + self.of(node.slice), f"{indent}]{after}"]
        index = self.text[call.end_col_offset : node.end_col_offset]
        return self.call(call, before, indent, index + after)

    def head(self, node: ast.Call) -> str:
        """A call up to its opening parenthesis."""
        return f"{self.of(node.func)}("

    def opened(self, node: ast.Call, before: str) -> ast.Call:
        """The call whose arguments move to lines of their own: an earlier one of a chain if what is behind is short."""
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(inner, ast.Call) and len(before + self.head(node)) > WIDTH:
            return self.opened(inner, before)
        return node

    def call(self, node: ast.Call, before: str, indent: str, after: str) -> list[str]:
        """A call with its arguments on separate lines."""
        earlier = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(earlier, ast.Call) and len(indent + before + self.head(node)) > WIDTH:
            rest = self.text[earlier.end_col_offset : node.end_col_offset]
            return self.call(earlier, before, indent, rest + after)
        items: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        head = before + self.head(node)
        if not items:
            return [f"{indent}{head}){after}"]
        inner = indent + INDENT + ", ".join(map(self.of, items))
        if len(inner) <= WIDTH:
            return [indent + head, inner, f"{indent}){after}"]
        return self.listed(head, items, f"){after}", indent)

    def listed(self, head: str, items: Sequence[ast.expr | ast.keyword], tail: str, indent: str) -> list[str]:
        """Items in brackets, each on a line."""
        lines = [indent + head]
        for item in items:
            name, value = (f"{item.arg}=", item.value) if isinstance(item, ast.keyword) else ("", item)
            # a tuple alone has brackets of its own, and no comma behind them
            alone = isinstance(value, ast.Tuple) and len(items) == 1 and head.endswith("(")
            lines += self.argument(value, name, indent + INDENT, "" if alone else ",")
        return [*lines, indent + tail]

    def argument(self, node: ast.expr, before: str, indent: str, after: str) -> list[str]:
        """An item in brackets."""
        flat = indent + before + self.of(node) + after
        if len(flat) > WIDTH:
            match node:
                case ast.Call():
                    return self.call(node, before, indent, after)
                case ast.List(elts=items):
                    return self.listed(f"{before}[", items, f"]{after}", indent)
                case ast.Tuple(elts=items):
                    return self.listed(f"{before}(", items, f"){after}", indent)
                case ast.Subscript(value=value, slice=ast.Tuple(elts=items)):
                    return self.listed(f"{before}{self.of(value)}[", items, f"]{after}", indent)
                case ast.Subscript(value=ast.Call() as call):
                    return self.picked(node, call, before, indent, after)
                case ast.BinOp():
                    *lines, last = self.operands(node, indent)
                    return [*lines, last + after]
        return [flat]


def _bind_alike(node: ast.BinOp, other: ast.expr) -> bool:
    """Whether another expression is one of operators that bind as tightly as that of `node`."""
    sums = (ast.Add, ast.Sub)
    return isinstance(other, ast.BinOp) and isinstance(node.op, sums) == isinstance(other.op, sums)
