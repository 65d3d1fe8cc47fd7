"""The arguments and options of the commands: what each is called, takes and says of itself."""

from enum import StrEnum
from typing import Annotated

import typer

from archspec.types import Floating


class FindingFormat(StrEnum):
    """The formats of findings."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    GITLAB = "gitlab"
    SARIF = "sarif"
    JUNIT = "junit"


class Backend(StrEnum):
    """What networks are compiled to."""

    TORCH = "torch"
    ONNX = "onnx"


class Purpose(StrEnum):
    """What an ONNX model is for."""

    INFERENCE = "inference"


class External(StrEnum):
    """Where an ONNX model has its weights."""

    AUTO = "auto"
    INLINE = "inline"
    DATA = "data"
    SAFETENSORS = "safetensors"


class OptimizerName(StrEnum):
    """What an optimizer keeps for each parameter: nothing, one number, or two."""

    SGD = "sgd"
    MOMENTUM = "momentum"
    ADAM = "adam"


class Format(StrEnum):
    """The formats of a summary."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class DiffFormat(StrEnum):
    """The formats of differences."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Category(StrEnum):
    """What may have become of a checkpoint, apart from `identical`."""

    OUTPUTS = "outputs"
    WEIGHTS = "weights"
    RENAMES = "renames"
    PARTIAL = "partial"
    NONE = "none"


class Direction(StrEnum):
    """Where a picture goes."""

    DOWN = "down"
    RIGHT = "right"


class PictureStyle(StrEnum):
    """What a picture is for."""

    SCREEN = "screen"
    PAPER = "paper"


class Color(StrEnum):
    """What the boxes of a picture are coloured by."""

    COST = "cost"
    KIND = "kind"
    NONE = "none"


class ZooColumn(StrEnum):
    """What the networks of the zoo can be sorted by."""

    NAME = "name"
    PARAMS = "params"
    MACS = "macs"
    YEAR = "year"


# --- of several commands

Spec = Annotated[
    str, typer.Argument(metavar="SPEC", help="A spec file, FILE@VARIANT, zoo:NAME, or - for standard input.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a parameter of the spec; repeatable."),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]N,3,224,224",
        help="Override an input's shape; N stands for any batch size; repeatable.",
    ),
]
Batch = Annotated[int, typer.Option("--batch", min=1, help="Batch size at which MACs are counted.")]
AllowOutside = Annotated[
    bool, typer.Option("--allow-outside", help="Let `use` name files outside the spec's folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: a stable format for programs.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Print nothing but ASCII.")]
Width = Annotated[
    int | None,
    typer.Option(
        "--width", min=40, max=1000, help="Characters in a line; default: the terminal's, else 100."
    ),
]

# --- of `summary`

Depth = Annotated[
    int | None, typer.Option("--depth", min=1, help="Levels to show; default: as many as make a page.")
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAMES",
        help="Columns, separated by commas: path, op, input, output, params, params%, buffers, macs, macs#, macs%, "
        "flops, field, jump, source.",
    ),
]
SortColumn = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="COLUMN",
        help="List the ops, sorted by path, op, output, params, buffers, macs or flops.",
    ),
]
Top = Annotated[int | None, typer.Option("--top", min=1, help="List only the first N ops.")]
Explain = Annotated[
    str | None, typer.Option("--explain", metavar="NODE", help="Show the arithmetic of one module.")
]
AddMemory = Annotated[bool, typer.Option("--memory", help="Add the memory of inference and training.")]
MemoryDtype = Annotated[Floating, typer.Option("--dtype", help="Floating type that memory is counted for.")]
MemoryOptimizer = Annotated[
    OptimizerName, typer.Option("--optimizer", help="Optimizer that memory is counted for.")
]
SummaryFormat = Annotated[Format, typer.Option("--format", help="How to print it.")]

# --- of `compare`

Specs = Annotated[list[str], typer.Argument(metavar="SPEC", help="Spec files, FILE@VARIANT, or zoo:NAME.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")]

# --- of `expand`

Textconv = Annotated[
    bool,
    typer.Option(
        "--textconv", help="A line for each module, of all variants: for `git config diff.archspec.textconv`."
    ),
]

# --- of `diff`

Old = Annotated[
    str,
    typer.Argument(
        metavar="OLD",
        help="The network before: FILE, FILE@VARIANT, zoo:NAME, git:REV:PATH, or a folder of specs.",
    ),
]
New = Annotated[str, typer.Argument(metavar="NEW", help="The network after: likewise.")]
DiffFormatOption = Annotated[DiffFormat, typer.Option("--format", help="How to print it.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if anything differs.")]
FailOn = Annotated[
    Category | None, typer.Option("--fail-on", help="Exit with 1 if a checkpoint is worth no more than this.")
]
RenameMap = Annotated[
    str | None,
    typer.Option(
        "--rename-map",
        metavar="FILE",
        help="Write the new names of weights: .json has every key, .toml patterns for `[weights] rename`.",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="All changes with all paths.")]
SetOld = Annotated[
    list[str] | None, typer.Option("--set-old", metavar="NAME=VALUE", help="The same for OLD alone.")
]
SetNew = Annotated[
    list[str] | None, typer.Option("--set-new", metavar="NAME=VALUE", help="The same for NEW alone.")
]

# --- of `draw` and `report`

Picture = Annotated[
    str, typer.Argument(metavar="OUT", help="The file to write: `.svg`, `.html`, `.dot` or `.mmd` (Mermaid).")
]
Report = Annotated[str, typer.Argument(metavar="OUT", help="The file to write: `.html`.")]
DrawnSpecs = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC", help="A spec file, FILE@VARIANT, zoo:NAME, or -; `.html`: one or several."
    ),
]
Open = Annotated[
    list[str] | None,
    typer.Option(
        "--open",
        metavar="BLOCK",
        help="Draw a block or the module at a path open; `all`: everything; repeatable.",
    ),
]
Levels = Annotated[
    int | None, typer.Option("--depth", min=1, help="Levels to draw open; default: as many as make a page.")
]
PictureDirection = Annotated[Direction, typer.Option("--direction", help="Where the picture goes.")]
Style = Annotated[PictureStyle, typer.Option("--style", help="For a screen, light or dark, or for print.")]
Show = Annotated[
    str,
    typer.Option(
        "--show",
        metavar="WHAT",
        help="What boxes say, separated by commas: params, macs, memory, field, weights.",
    ),
]
ColorBy = Annotated[
    Color, typer.Option("--color", help="What boxes are coloured by: their share of MACs, or their kind.")
]

# --- of `export`

OutputPath = Annotated[
    str, typer.Argument(metavar="OUT", help="The file to write: `.onnx`, `.py` or `.safetensors`.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Seed of random weights; without it and --weights: 0.")
]
Weights = Annotated[
    str | None, typer.Option("--weights", metavar="FILE", help="A .safetensors or .pt file of weights.")
]
FromSpec = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="SPEC",
        help="The file of --weights is of this network: carry over what this one has too.",
    ),
]
NoWeights = Annotated[bool, typer.Option("--no-weights", help="ONNX: weights are inputs of the model.")]
TrainingOutputs = Annotated[
    bool,
    typer.Option(
        "--training-outputs/--no-training-outputs",
        help="Whether what only training needs is written; ONNX: never.",
    ),
]
Dtype = Annotated[
    Floating | None, typer.Option("--dtype", help="Floating type of the network; default: float32.")
]
Half = Annotated[bool, typer.Option("--half", help="Short for --dtype float16.")]
Opset = Annotated[int, typer.Option("--opset", min=18, max=24, help="ONNX: version of the operators.")]
Dynamic = Annotated[
    bool, typer.Option("--dynamic", help="ONNX: leave height and width free, as the batch is.")
]
Functions = Annotated[bool, typer.Option("--functions", help="ONNX: write blocks as functions of the model.")]
FoldBn = Annotated[bool, typer.Option("--fold-bn", help="ONNX: fold batch-norm into the layer before it.")]
ForPurpose = Annotated[
    Purpose | None,
    typer.Option("--for", help="ONNX: a preset: fold batch-norm, make constants of what weights become."),
]
WeightsPlace = Annotated[
    External, typer.Option("--external", help="ONNX: where weights are stored; auto: above 64 MiB, data.")
]
Align = Annotated[
    int,
    typer.Option("--align", min=1, help="ONNX: tensors in a data file start at multiples of so many bytes."),
]

# --- of `validate`

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH", help="Spec files, FILE@VARIANT, zoo:NAME, folders, or - for standard input."
    ),
]
OutputFormat = Annotated[
    FindingFormat,
    typer.Option("--output-format", envvar="ARCHSPEC_OUTPUT_FORMAT", help="How findings are printed."),
]
OutputFile = Annotated[
    str | None, typer.Option("--output-file", metavar="FILE", help="Write the findings to a file.")
]
StdinFilename = Annotated[
    str, typer.Option("--stdin-filename", metavar="NAME", help="What standard input is called.")
]
LowerableOnly = Annotated[
    Backend | None, typer.Option("--only", help="Whether it can be written: ask one backend only.")
]
Select = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="RULES", help="Look for these lint rules, not for the default ones."),
]
ExtendSelect = Annotated[
    list[str] | None,
    typer.Option("--extend-select", metavar="RULES", help="Look for these lint rules as well."),
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="RULES", help="Do not look for these lint rules.")
]
SkipOthers = Annotated[
    bool, typer.Option("--skip-others", help="Pass over named files without the key `archspec`.")
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever is found.")]

# --- of `verify`

VerifiedPaths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH", help="Spec files with all their variants, FILE@VARIANT, zoo:NAME, or folders."
    ),
]
VerifyOnly = Annotated[
    Backend | None, typer.Option("--only", help="Compare with what one backend makes only.")
]
Device = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help="Where values are computed: cpu, cuda, cuda:1.")
]

# --- of `ops`

OpArg = Annotated[str | None, typer.Argument(metavar="[NAME]", help="An op.")]

# --- of `rule`

RuleName = Annotated[str | None, typer.Argument(metavar="[CODE]", help="A rule, by its code or its name.")]

# --- of `new`

NetworkName = Annotated[
    str, typer.Argument(metavar="NAME", help="The name of the network: NAME.toml is written.")
]
Start = Annotated[
    str,
    typer.Option("--from", metavar="START", help="densenet, inception, lenet, resnet or unet, or zoo:NAME."),
]

# --- of `zoo`

ZooName = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="A family of networks, or one of them.")
]
Search = Annotated[
    str | None,
    typer.Option("--search", metavar="WORDS", help="Those with these words in their name or paper."),
]
MaxParams = Annotated[
    str | None,
    typer.Option("--max-params", metavar="N", help="Those of at most so many parameters, such as 10M."),
]
MaxMacs = Annotated[
    str | None, typer.Option("--max-macs", metavar="N", help="Those of at most so many MACs, such as 1G.")
]
ZooSort = Annotated[ZooColumn | None, typer.Option("--sort", help="Sort by a column; default: by families.")]
