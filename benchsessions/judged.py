"""How a number of answers were judged."""

from dataclasses import asdict, dataclass

from benchsessions.rubric import accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Counts of verdicts among `questions`; what nobody rated counts as nothing."""

    questions: int = 0
    rated: int = 0
    correct: int = 0
    partly: int = 0
    incorrect: int = 0
    not_applicable: int = 0

    def __add__(self, other: "Judged") -> "Judged":
        return Judged(**{name: value + getattr(other, name) for name, value in asdict(self).items()})

    @property
    def shares(self) -> tuple[float, float] | None:
        """The strict and the lenient accuracy, None where nothing can be said."""
        return accuracy(correct=self.correct, partly=self.partly, rated=self.rated, not_applicable=self.not_applicable)

    @property
    def strict(self) -> float | None:
        return self.shares[0] if self.shares else None

    @property
    def lenient(self) -> float | None:
        return self.shares[1] if self.shares else None

    @property
    def percents(self) -> list[float]:
        """The same as per cents, empty where nothing can be said."""
        return [100 * share for share in self.shares or ()]
