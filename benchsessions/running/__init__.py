"""Asking the questions of a session: on the server's event loop, by a process that holds a lease, stored as it comes.

This is the door for everybody else; the functions may be called from any thread but that loop's.
"""

from benchsessions.running.actions import resume_run, retry_errors, start_run, stop_run
from benchsessions.running.conductor import WithBenchRuns
from benchsessions.running.standing import Standing, standing

__all__ = ["Standing", "WithBenchRuns", "resume_run", "retry_errors", "standing", "start_run", "stop_run"]
