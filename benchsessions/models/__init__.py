"""A RAG service put to the test: who asks, what is asked, where, what came back, and how people judge it."""

from benchsessions.models.annotations import Annotation, AnnotationRevision, Flag, SecondOpinion
from benchsessions.models.people import Analyst, EnvironmentSettings
from benchsessions.models.questions import Question, QuestionSet, QuestionSetVersion
from benchsessions.models.runs import BenchRun, RunState
from benchsessions.models.sessions import BenchSession, Item, ItemStatus
from benchsessions.models.targets import ApiMode, Environment, Target
from benchsessions.models.uploads import Upload

__all__ = [
    "Analyst",
    "Annotation",
    "AnnotationRevision",
    "ApiMode",
    "BenchRun",
    "BenchSession",
    "Environment",
    "EnvironmentSettings",
    "Flag",
    "Item",
    "ItemStatus",
    "Question",
    "QuestionSet",
    "QuestionSetVersion",
    "RunState",
    "SecondOpinion",
    "Target",
    "Upload",
]
