"""For each op, fields that suit an input of some shape: numbers as terms, and every field now and then."""

from collections.abc import Callable
from math import gcd, prod
from random import Random
from typing import Any

from random_networks.terms import Shape, Term, Writer, binary, constant, name, template

Fields = dict[str, Any]
MAX_CHANNELS, MAX_SIZE, MAX_ELEMENTS = 12, 24, 20_000


class Proposer:
    """Proposes the fields of an op, or `None` where the op does not suit the shape."""

    def __init__(self, rng: Random, writer: Writer, shape: Shape, batch: str | int) -> None:
        self.rng, self.w, self.shape, self.batch = rng, writer, shape, batch
        self.axes = len(shape) - 2

    def propose(self, op: str) -> Fields | None:
        maker: Callable[[], Fields | None] = getattr(self, op, self.plain)
        return maker()

    # --- what fields are made of

    def maybe(self, fields: Fields, chance: float = 0.3, **more: Callable[[], Any]) -> Fields:
        for key, make in more.items():
            if self.rng.random() < chance:
                fields[key] = make()
        return fields

    def plain(self) -> Fields:
        return {}

    @property
    def spatial(self) -> bool:
        return 1 <= self.axes <= 3

    def each(self, make: Callable[[int], Any]) -> Any:
        """One value for all axes, or one for each. `make` is told the size that it must suit."""
        if self.rng.random() < 0.6:
            return make(min(self.shape[2:]))
        return [make(n) for n in self.shape[2:]]

    def kernel(self, most: int = 4) -> Any:
        if "kernel" in self.w.context.names and self.rng.random() < 0.5:
            return name("kernel")
        return self.each(lambda n: self.w.integer(1, max(min(most, n), 1), 0.7))

    def stride(self) -> Any:
        return self.each(lambda n: self.w.integer(1, 3 if n > 6 else 1, 0.7))

    def divisor(self, *numbers: int) -> Any:
        common = gcd(*numbers)
        return self.w.exactly(self.rng.choice([n for n in range(1, common + 1) if common % n == 0]))

    def init(self, *names: str) -> Any:
        kinds = [
            "normal(0.02)",
            "trunc_normal(0.02)",
            "uniform(0.1)",
            "kaiming_normal(fan_out)",
            "kaiming_uniform",
            "xavier_normal",
            "xavier_uniform(2.0)",
            "normal(0.5, 0.1)",
        ]
        flat = [kind for kind in kinds if "kaiming" not in kind and "xavier" not in kind]
        chosen = self.rng.sample(names, self.rng.randint(1, len(names)))
        return {
            name: self.w.fraction(0.1, 2.0)
            if self.rng.random() < 0.5
            else self.rng.choice(kinds if name == "weight" and len(names) > 1 and self.fans else flat)
            for name in chosen
        }

    fans = False
    """Whether the op's weight has fans."""

    def sides(self) -> dict[str, Any]:
        words = ["left", "right", "top", "bottom", "front", "back"][: 2 * self.axes]
        return {
            word: self.w.integer(0, 2, 0.7)
            for word in self.rng.sample(words, self.rng.randint(1, len(words)))
        }

    def padding(self, keywords: list[str], sided: bool = True) -> Any:
        if "border" in self.w.context.names and self.rng.random() < 0.5:
            return name("border")
        match self.rng.randrange(4):
            case 0:
                number = self.w.integer(0, 2, 0.6)
                # the name alone would be the keyword, whatever the spec calls so
                if isinstance(number, Term) and number.text in keywords:
                    return binary(number, "+", constant(0))
                return number
            case 1:
                return [self.w.integer(0, 2, 0.7) for _ in range(self.axes)]
            case 2 if sided:
                return self.sides()
            case _:
                return self.rng.choice(keywords)

    # --- weights

    def conv(self) -> Fields | None:
        if not self.spatial:
            return None
        fields: Fields = {"out": self.w.integer(1, MAX_CHANNELS), "kernel": self.kernel()}
        self.maybe(
            fields, stride=self.stride, dilation=lambda: self.each(lambda _: self.w.integer(1, 2, 0.7))
        )
        same = ["half", "valid", "same_upper", "same_lower", *(["same"] if "stride" not in fields else [])]
        self.maybe(fields, 0.6, padding=lambda: self.padding(same))
        self.maybe(fields, 0.25, bias=self.w.flag)
        if self.rng.random() < 0.25:
            groups = self.rng.choice([n for n in range(1, self.shape[1] + 1) if self.shape[1] % n == 0])
            fields |= {"groups": self.w.exactly(groups), "out": groups * self.rng.randint(1, 3)}
        self.fans = True
        bias = ("bias",) if fields.get("bias", True) is True else ()
        return self.maybe(fields, 0.1, init=lambda: self.init("weight", *bias))

    def conv_transpose(self) -> Fields | None:
        if not self.spatial or max(self.shape[2:]) > 9:
            return None
        fields: Fields = {"out": self.w.integer(1, MAX_CHANNELS), "kernel": self.kernel(3)}
        self.maybe(
            fields,
            0.4,
            stride=lambda: self.each(lambda _: self.w.integer(1, 2, 0.7)),
            padding=lambda: self.each(lambda _: self.w.integer(0, 1, 0.8)),
            output_padding=lambda: self.each(lambda _: self.w.integer(0, 1, 0.8)),
            dilation=lambda: self.each(lambda _: self.w.integer(1, 2, 0.8)),
        )
        self.maybe(fields, 0.4, bias=self.w.flag)
        if self.rng.random() < 0.4:
            groups = self.rng.choice([n for n in range(1, self.shape[1] + 1) if self.shape[1] % n == 0])
            fields |= {"groups": self.w.exactly(groups), "out": groups * self.rng.randint(1, 3)}
        return self.maybe(fields, 0.4, init=lambda: self.init("weight"))

    def linear(self) -> Fields | None:
        if len(self.shape) < 2:
            return None
        fields: Fields = {"out": self.w.integer(1, MAX_CHANNELS)}
        self.maybe(fields, 0.25, bias=self.w.flag)
        return self.maybe(fields, 0.1, init=lambda: self.init("weight"))

    def attention(self) -> Fields | None:
        if len(self.shape) != 3:
            return None
        fields = {"heads": self.divisor(self.shape[-1])}
        self.maybe(fields, 0.25, bias=self.w.flag, p=lambda: self.w.fraction(0.0, 0.5))
        return self.maybe(fields, 0.25, init=lambda: self.init("out_proj.weight"))

    # --- pools

    def pool(self, keywords: list[str]) -> Fields | None:
        if not self.spatial:
            return None
        fields: Fields = {"kernel": self.kernel(3)}
        self.maybe(fields, 0.6, stride=self.stride)
        if self.rng.random() < 0.4:
            fields["padding"] = self.rng.choice(
                [0, 1, [self.rng.randrange(2) for _ in range(self.axes)], *keywords]
            )
        plain = not isinstance(fields.get("padding", 0), str | dict)
        return self.maybe(fields, 0.4 if plain else 0.0, ceil=self.w.flag)

    def maxpool(self) -> Fields | None:
        fields = self.pool(["half", "same_upper", "same_lower", "valid"])
        if fields is None or isinstance(fields.get("padding"), str):
            return fields
        return self.maybe(fields, 0.2, dilation=lambda: self.each(lambda _: self.w.integer(1, 2, 0.7)))

    def avgpool(self) -> Fields | None:
        fields = self.pool(["half", "valid"])
        if fields is None:
            return None
        if not isinstance(fields.get("padding"), str):
            self.maybe(fields, 0.5, count_include_pad=self.w.flag)
        return self.maybe(
            fields, 0.4 if self.axes > 1 else 0.0, divisor_override=lambda: self.w.integer(1, 7)
        )

    def lppool(self) -> Fields | None:
        if not self.spatial or self.axes == 3:
            return None
        fields: Fields = {"kernel": self.kernel(3), "norm_type": self.rng.choice([2, 2.0, 4])}
        return self.maybe(fields, stride=self.stride, ceil=self.w.flag)

    def global_avgpool(self) -> Fields | None:
        return {} if self.spatial else None

    def global_maxpool(self) -> Fields | None:
        return {} if self.spatial else None

    def adaptive_avgpool(self) -> Fields | None:
        if not self.spatial:
            return None
        return {"size": self.each(lambda n: self.w.integer(1, min(n + 1, 6), 0.7))}

    def adaptive_maxpool(self) -> Fields | None:
        return self.adaptive_avgpool()

    # --- norms

    def batchnorm(self) -> Fields | None:
        if not (self.spatial or len(self.shape) == 2):
            return None
        fields: Fields = {}
        self.maybe(
            fields,
            0.2,
            eps=lambda: self.rng.choice([1e-3, 1e-4, 0.5]),
            momentum=lambda: self.w.fraction(0.05, 0.9),
            affine=self.w.flag,
            track_running_stats=self.w.flag,
        )
        affine = fields.get("affine", True) is True
        return self.maybe(fields, 0.1 if affine else 0.0, init=lambda: self.init("weight", "bias"))

    def instancenorm(self) -> Fields | None:
        if not self.spatial or prod(self.shape[2:]) < 4:
            return None
        fields: Fields = {}
        self.maybe(
            fields,
            0.3,
            eps=lambda: self.rng.choice([1e-3, 0.5]),
            momentum=lambda: self.w.fraction(0.05, 0.9),
            affine=self.w.flag,
            track_running_stats=self.w.flag,
        )
        if self.rng.random() < 0.3:  # unlike other norms it has weights only where that is said
            fields |= {"affine": self.w.flag(True), "init": self.init("weight", "bias")}
        return fields

    def layernorm(self) -> Fields | None:
        fields: Fields = {}
        if self.spatial and self.rng.random() < 0.6:
            fields["axis"] = 1
        elif len(self.shape) < 2:
            return None
        if self.shape[fields.get("axis", -1)] < 2:
            return None
        return self.maybe(
            fields,
            0.25,
            eps=lambda: self.rng.choice([1e-3, 1e-6, 0.5]),
            elementwise_affine=self.w.flag,
            bias=self.w.flag,
            init=lambda: self.init("weight"),
        )

    def rmsnorm(self) -> Fields | None:
        if len(self.shape) < 2:
            return None
        # the default is that of the element type, and networks are compared in several
        fields: Fields = {"eps": self.rng.choice([1e-3, 1e-5, 0.5])}
        return self.maybe(
            fields, 0.25, axis=lambda: 1, elementwise_affine=self.w.flag, init=lambda: self.init("weight")
        )

    def normalize(self) -> Fields | None:
        if len(self.shape) < 2:
            return None
        return self.maybe(
            {},
            0.4,
            axis=lambda: self.rng.choice([-1, *range(1, len(self.shape))]),
            eps=lambda: self.rng.choice([1e-6, 0.5]),
        )

    def groupnorm(self) -> Fields | None:
        if len(self.shape) < 2 or prod(self.shape[1:]) < 4:
            return None
        fields: Fields = {"groups": self.divisor(self.shape[1])}
        groups = fields["groups"] if isinstance(fields["groups"], int) else self.w.value_of(fields["groups"])
        if prod(self.shape[1:]) // groups < 3:
            return None
        return self.maybe(
            fields,
            0.25,
            eps=lambda: self.rng.choice([1e-3, 0.5]),
            affine=self.w.flag,
            init=lambda: self.init("weight", "bias"),
        )

    def lrn(self) -> Fields | None:
        if not self.spatial:
            return None
        fields: Fields = {"size": self.w.integer(1, 5)}
        return self.maybe(
            fields,
            0.4,
            alpha=lambda: self.w.fraction(0.001, 2.0),
            beta=lambda: self.w.fraction(0.1, 1.5),
            k=lambda: self.w.fraction(0.5, 3.0),
        )

    # --- activations and regularisers

    def celu(self) -> Fields:
        return self.maybe({}, 0.7, alpha=lambda: self.w.fraction(0.2, 3.0))

    def elu(self) -> Fields:
        return self.celu()

    def gelu(self) -> Fields:
        return self.maybe({}, 0.5, approximate=lambda: self.rng.choice(["tanh", "none"]))

    def hardtanh(self) -> Fields:
        return self.maybe(
            {},
            0.7,
            min_val=lambda: round(self.rng.uniform(-2, 0), 2),
            max_val=lambda: self.w.fraction(0.5, 2.0),
        )

    def clamp(self) -> Fields:
        least = round(self.rng.uniform(-2, 0), 2)
        fields = {"min": least, "max": self.w.fraction(0.0, 2.0)}
        return fields if self.rng.random() < 0.5 else {(key := self.rng.choice(["min", "max"])): fields[key]}

    def scale(self) -> Fields:
        def numbers() -> Any:
            if len(self.shape) > 1 and self.rng.random() < 0.4:
                return [round(self.rng.uniform(-2, 2), 2) for _ in range(self.shape[1])]
            return self.w.fraction(0.1, 2.0)

        return self.maybe({}, 0.7, factor=numbers, shift=numbers)

    def leaky_relu(self) -> Fields:
        return self.maybe({}, 0.7, negative_slope=lambda: self.w.fraction(0.0, 0.9))

    def prelu(self) -> Fields | None:
        if len(self.shape) < 2:
            return None
        fields = self.maybe({}, 0.5, num_parameters=lambda: self.w.exactly(self.shape[1]))
        return self.maybe(fields, 0.2, init=lambda: self.init("weight"))

    def softplus(self) -> Fields:
        return self.maybe(
            {}, 0.5, beta=lambda: self.w.fraction(0.3, 3.0), threshold=lambda: self.rng.choice([5, 30.0])
        )

    def softmax(self) -> Fields | None:
        if len(self.shape) < 2:
            return None
        return self.maybe({}, 0.5, axis=lambda: self.rng.choice([-1, *range(1, len(self.shape))]))

    def log_softmax(self) -> Fields | None:
        return self.softmax()

    def dropout(self) -> Fields:
        return self.maybe({}, 0.8, p=lambda: self.w.fraction(0.0, 0.9))

    def stochastic_depth(self) -> Fields:
        return self.maybe(
            {"p": self.w.fraction(0.0, 0.9)}, 0.3, mode=lambda: self.rng.choice(["row", "batch"])
        )

    # --- shapes

    def flatten(self) -> Fields | None:
        if len(self.shape) < 3 or prod(self.shape[1:]) > 400:
            return None
        fields: Fields = {}
        if self.rng.random() < 0.5:
            fields["start"] = self.rng.randrange(1, len(self.shape) - 1)
        return self.maybe(fields, 0.4, stop=lambda: self.rng.choice([-1, len(self.shape) - 1]))

    def reshape(self) -> Fields | None:
        rest = self.shape[1:]
        if not rest:
            return None
        total, dims = prod(rest), []
        for _ in range(self.rng.randint(1, 3)):
            dim = self.rng.choice([n for n in range(1, min(total, MAX_SIZE) + 1) if total % n == 0])
            dims.append(dim)
            total //= dim
        wanted: list[Any] = [*dims, total]
        shape = [self.w.exactly(n, 0.6) for n in wanted]
        if self.rng.random() < 0.5:
            shape[self.rng.randrange(len(shape))] = -1
        return {"shape": [self.batch, *shape]}

    def permute(self) -> Fields | None:
        if len(self.shape) < 3:
            return None
        return {"axes": [0, *self.rng.sample(range(1, len(self.shape)), len(self.shape) - 1)]}

    def roll(self) -> Fields | None:
        if len(self.shape) < 2:
            return None
        axes = self.rng.sample(range(1, len(self.shape)), self.rng.randint(1, len(self.shape) - 1))
        shifts = [self.w.integer(0, self.shape[axis] + 1) for axis in axes]
        if self.rng.random() < 0.5:
            shifts[0] = -self.rng.randint(1, self.shape[axes[0]])
        if len(axes) == 1 and self.rng.random() < 0.5:
            return {"shifts": shifts[0], "axes": axes[0]}
        return {"shifts": shifts, "axes": axes}

    def glu(self) -> Fields | None:
        axes = [axis for axis in range(1, len(self.shape)) if self.shape[axis] % 2 == 0]
        if not axes:
            return None
        axis = self.rng.choice(axes)
        last = axis == len(self.shape) - 1
        return {} if last and self.rng.random() < 0.5 else {"axis": axis}

    def crop(self) -> Fields | None:
        return {"size": self.each(lambda n: self.w.integer(max(n // 2, 1), n))} if self.spatial else None

    def pad(self) -> Fields | None:
        if not self.spatial:
            return None
        choices = [
            lambda: self.w.integer(0, 3),
            lambda: [self.w.integer(0, 2) for _ in range(self.axes)],
            self.sides,
        ]
        fields: Fields = {"padding": self.rng.choice(choices)()}
        if self.rng.random() < 0.5:
            fields["mode"] = self.rng.choice(["constant", "reflect", "replicate", "circular"])
        if fields.get("mode", "constant") == "constant":
            self.maybe(fields, 0.7, value=lambda: round(self.rng.uniform(-2, 2), 2))
        return fields

    def slice(self) -> Fields | None:
        if len(self.shape) < 2:
            return None
        axis = self.rng.randrange(1, len(self.shape))
        n = self.shape[axis]
        fields: Fields = {"axis": axis} if axis != 1 or self.rng.random() < 0.3 else {}
        self.maybe(
            fields,
            0.6,
            start=lambda: self.rng.choice([self.w.integer(0, n // 2), -(n // 2 + 1)]),
            stop=lambda: self.rng.choice([self.w.integer(n // 2 + 1, n + 2), -1 if n > 2 else n]),
            stride=lambda: self.w.integer(1, 2),
        )
        return fields

    def split(self) -> Fields | None:
        axes = [axis for axis in range(1, len(self.shape)) if self.shape[axis] > 1]
        if not axes:
            return None
        axis = self.rng.choice(axes)
        n = self.shape[axis]
        fields: Fields = {"axis": axis} if axis != 1 or self.rng.random() < 0.3 else {}
        divisors = [d for d in range(2, min(n, 4) + 1) if n % d == 0]
        if divisors and self.rng.random() < 0.6:
            return {**fields, "sections": self.w.exactly(self.rng.choice(divisors))}
        first = self.rng.randrange(1, n)
        return {**fields, "sections": [self.w.exactly(first), self.w.exactly(n - first)]}

    def expand(self) -> Fields | None:
        if all(n != 1 for n in self.shape[1:]) or prod(self.shape) > 500:
            return None
        grown = [self.w.integer(1, 4) if n == 1 else self.rng.choice([-1, n]) for n in self.shape[1:]]
        return {"shape": [self.rng.choice([self.batch, -1]), *grown]}

    def upsample(self) -> Fields | None:
        if not self.spatial or max(self.shape[2:]) > 12:
            return None
        fields: Fields = {}
        if self.rng.random() < 0.5:
            fields["size"] = self.each(lambda n: self.w.integer(max(n - 2, 1), n + 5))
        else:
            fields["scale"] = self.each(
                lambda _: self.rng.choice([2, 2, 1.5, 3, 0.5, 1, self.w.fraction(0.7, 2.2)])
            )
        linear = ("linear", "bilinear", "trilinear")[self.axes - 1]
        cubic = ["bicubic"] if self.axes == 2 else []
        modes = ["nearest", "nearest-exact", "linear", linear, *cubic]
        self.maybe(fields, 0.7, mode=lambda: self.rng.choice(modes))
        if "resize" in self.w.context.names and self.rng.random() < 0.5:
            return {**fields, "mode": template(name("resize"))}
        smooth = "linear" in fields.get("mode", "") or fields.get("mode") == "bicubic"
        return self.maybe(fields, 0.6 if smooth else 0.0, align_corners=self.w.flag)

    def channel_shuffle(self) -> Fields | None:
        return {"groups": self.divisor(self.shape[1])} if self.spatial else None

    def pixel_shuffle(self) -> Fields | None:
        if self.axes != 2 or self.shape[1] % 4 or max(self.shape[2:]) > 12:
            return None
        return {"scale": self.w.exactly(2)}

    def pixel_unshuffle(self) -> Fields | None:
        if self.axes != 2 or gcd(*self.shape[2:]) % 2 or self.shape[1] > 6:
            return None
        return {"scale": self.w.exactly(2)}

    def reduce_mean(self) -> Fields | None:
        if len(self.shape) < 3:
            return None
        axes = self.rng.sample(range(1, len(self.shape)), self.rng.randint(1, len(self.shape) - 2))
        signed = [axis if self.rng.random() < 0.7 else axis - len(self.shape) for axis in axes]
        fields: Fields = {"axes": signed[0] if len(signed) == 1 and self.rng.random() < 0.5 else signed}
        return self.maybe(fields, 0.5, keepdim=self.w.flag)

    def reduce_max(self) -> Fields | None:
        return self.reduce_mean()

    def reduce_sum(self) -> Fields | None:
        return self.reduce_mean()
