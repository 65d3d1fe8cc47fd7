"""The plans of all definitions that the networks of a file use, each compiled once."""

from dataclasses import dataclass, field

from archspec.elaborate.plan import Compiler
from archspec.elaborate.steps import Plan
from archspec.language.document import Definition


@dataclass(slots=True, eq=False, repr=False)
class Plans:
    """What the runs over the networks of a file share."""

    made: dict[Definition, Plan] = field(default_factory=dict)
    """The plans of the definitions that have been compiled."""
    reached: set[Definition] = field(default_factory=set)
    """The definitions that some network uses."""

    def of(self, definition: Definition) -> Plan:
        """The compiled body of a definition."""
        plan = self.made.get(definition)
        if plan is None:
            plan = self.made[definition] = Compiler(definition).plan()
        return plan
