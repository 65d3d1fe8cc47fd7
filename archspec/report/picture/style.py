"""The colours of pictures, and their style sheets.

The heat follows ColorBrewer's sequential scale OrRd, a scale also for those who do not tell red from green; the kinds
are tints of Okabe and Ito's palette. Text on each has at least the contrast 4.5 that WCAG AA asks for, lines have 3.
"""

from dataclasses import dataclass, replace

from archspec.report.picture.metrics import FAMILY


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours, each with a name."""

    back: str
    box: str
    frame: str
    text: str
    muted: str
    border: str
    line: str
    accent: str
    heat: tuple[str, ...]
    kinds: dict[str, str]


LIGHT = Palette(
    back="#ffffff",
    box="#ffffff",
    frame="#f6f7f9",
    text="#16181d",
    muted="#3f444d",
    border="#6f7783",
    line="#4b5563",
    accent="#0b5cad",
    heat=("#ffffff", "#fff4e3", "#fee4be", "#fdd09a", "#fdb583", "#fca67d"),
    kinds={
        "weights": "#d7e9f7",
        "block": "#e9e4f2",
        "join": "#fdeccb",
        "pool": "#d5efe6",
        "other": "#ffffff",
    },
)
DARK = Palette(
    back="#14171c",
    box="#1d2127",
    frame="#191d23",
    text="#f1f3f5",
    muted="#c9cfd6",
    border="#808995",
    line="#a3adb8",
    accent="#7db8f5",
    heat=("#1d2127", "#35241f", "#4b2a1f", "#612f1d", "#74331b", "#863a1b"),
    kinds={
        "weights": "#173650",
        "block": "#322a47",
        "join": "#4a3510",
        "pool": "#11402f",
        "other": "#1d2127",
    },
)
PAPER = Palette(
    back="#ffffff",
    box="#ffffff",
    frame="#ffffff",
    text="#000000",
    muted="#333333",
    border="#555555",
    line="#222222",
    accent="#000000",
    heat=("#ffffff", "#f7f4ee", "#efe6d6", "#e8d6b8", "#e2c598", "#dcb478"),
    kinds={
        "weights": "#e2edf6",
        "block": "#ececec",
        "join": "#f7ecd6",
        "pool": "#e0efe8",
        "other": "#ffffff",
    },
)

_POOLS = (
    "maxpool",
    "avgpool",
    "global_avgpool",
    "global_maxpool",
    "adaptive_avgpool",
    "adaptive_maxpool",
    "lppool",
)
_JOINS = ("concat", "add", "mul", "sub", "div", "max", "matmul")
_WEIGHTS = ("conv", "conv_transpose", "linear", "attention", "param")


def kind(op: str, *, opens: bool) -> str:
    """The colour's name for the kind of a box."""
    if opens:
        return "block"
    for name, ops in (("weights", _WEIGHTS), ("join", _JOINS), ("pool", (*_POOLS, "upsample"))):
        if op in ops:
            return name
    return "other"


def heat(part: int, whole: int) -> int:
    """How hot a box is: 0 for nothing, then at most 1, 3, 8 and 20 percent of the whole, and more."""
    if not part or not whole:
        return 0
    return 1 + sum(100 * part > limit * whole for limit in (1, 3, 8, 20))


def sheet(scope: str, palette: Palette, color: str) -> str:
    """The rules for one palette; `scope` is the selector of the picture, `color` what boxes are coloured by."""
    rules = {
        "text": f"fill:{palette.text}",
        ".m": f"fill:{palette.muted}",
        "rect": f"fill:{palette.box};stroke:{palette.border}",
        ".z": f"fill:{palette.back};stroke:none",
        ".f>rect": f"fill:{palette.frame}",
        ".l": f"stroke:{palette.line}",
        ".a": f"fill:{palette.line}",
        ".u": f"stroke:{palette.accent}",
        ".v": f"fill:{palette.accent}",
    }
    if color == "cost":
        rules |= {f".h{level}>rect": f"fill:{fill}" for level, fill in enumerate(palette.heat)}
    elif color == "kind":
        rules |= {f".k{name[0]}>rect": f"fill:{fill}" for name, fill in palette.kinds.items()}
    return "".join(f"{scope} {selector}{{{rule}}}" for selector, rule in rules.items())


def static(scope: str) -> str:
    """The rules that do not depend on colours."""
    rules = {
        "": f"font-family:{FAMILY}",
        " text": "font-size:10px;text-anchor:middle",
        " .t": "font-size:12px",
        " .b": "font-weight:700",
        " .s": "text-anchor:start",
        " .n": "font-size:15px;font-weight:700",
        " rect": "stroke-width:1",
        " .l": "fill:none;stroke-width:1.25;stroke-linejoin:round",
        " .x>rect": "stroke-dasharray:4 3",
        " .i>rect": "stroke-opacity:.55",
    }
    return "".join(f"{scope}{selector}{{{rule}}}" for selector, rule in rules.items())


def style_sheet(style: str, color: str, scope: str) -> str:
    """The style sheet of a picture: for a screen light or dark, as its reader has it; for paper light."""
    if style == "paper":
        return static(scope) + sheet(scope, PAPER, color)
    dark = sheet(scope, DARK, color)
    return f"{static(scope)}{sheet(scope, LIGHT, color)}@media(prefers-color-scheme:dark){{{dark}}}"


_NAMES = ("back", "box", "frame", "text", "muted", "border", "line", "accent")


def variables(palette: Palette) -> str:
    """A palette as custom properties of a page."""
    named = [(name, getattr(palette, name)) for name in _NAMES]
    named += [(f"h{level}", fill) for level, fill in enumerate(palette.heat)]
    named += [(f"k{name[0]}", fill) for name, fill in palette.kinds.items()]
    return "".join(f"--{name}:{value};" for name, value in named)


def page_sheet() -> str:
    """The style sheet of a page whose reader can choose light or dark, and what boxes are coloured by."""
    chosen = replace(
        LIGHT,
        **{name: f"var(--{name})" for name in _NAMES},
        heat=tuple([f"var(--h{level})" for level in range(len(LIGHT.heat))]),
        kinds={name: f"var(--k{name[0]})" for name in LIGHT.kinds},
    )
    rules = [
        f":root{{{variables(LIGHT)}color-scheme:light dark}}",
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{variables(DARK)}}}}}",
        f"@media screen{{:root[data-theme=dark]{{{variables(DARK)}color-scheme:dark}}}}",
        ":root[data-theme=light]{color-scheme:light}",
        static(".panel svg"),
        sheet(".panel svg", chosen, "none"),
    ]
    for level, fill in enumerate(chosen.heat):
        rules += [f"[data-color={by}] .{by[0]}{level}>rect{{fill:{fill}}}" for by in ("macs", "params")]
    rules += [f"[data-color=kind] .k{name[0]}>rect{{fill:{fill}}}" for name, fill in chosen.kinds.items()]
    return "".join(rules)
