"""A2A over JSON-RPC, versions 1.0 and 0.3."""

from tests.wire.cases.case import JSON, SSE, Case, lines, sse, thought

IDS = {"taskId": "t-1", "contextId": "ctx-1"}


def rpc(**result):
    return {"jsonrpc": "2.0", "id": 1, "result": result}


def parts(*texts):
    return [{"text": text} for text in texts]


def artifact(text, name="a", **fields):
    return rpc(artifactUpdate={**IDS, "artifact": {"artifactId": name, "parts": parts(text)}, **fields})


def status(state, *texts, message="w"):
    told = {"message": {"messageId": message, "role": "ROLE_AGENT", "parts": parts(*texts)}} if texts else {}
    return rpc(statusUpdate={**IDS, "status": {"state": f"TASK_STATE_{state}", **told}})


def task(state, *artifacts, message=None):
    held = [{"artifactId": name, "parts": parts(text)} for name, text in artifacts]
    told = {"state": f"TASK_STATE_{state}"} | (
        {"message": {"messageId": "w", "parts": parts(message)}} if message else {}
    )
    history = [{"role": "ROLE_USER", "parts": parts("Question?")}]
    return rpc(task={"id": "t-1", "contextId": "ctx-1", "status": told, "artifacts": held, "history": history})


def old_parts(*texts):
    return [{"kind": "text", "text": text} for text in texts]


def old_status(state, *texts, final=False):
    told = (
        {"message": {"kind": "message", "messageId": "w", "role": "agent", "parts": old_parts(*texts)}} if texts else {}
    )
    return rpc(kind="status-update", **IDS, status={"state": state, **told}, final=final)


def old_artifact(text, name="a", **fields):
    held = {"artifactId": name, "name": "answer", "parts": old_parts(text)}
    return rpc(kind="artifact-update", **IDS, artifact=held, **fields)


OLD_TASK = {"kind": "task", "id": "t-1", "contextId": "ctx-1", "status": {"state": "submitted"}, "history": []}
DONE = status("COMPLETED")

CASES = [
    Case(
        "a2a-artifacts",
        SSE,
        sse(
            task("SUBMITTED"),
            status("WORKING", "Looking it up…"),
            artifact("Hä", append=False),
            artifact("llo", append=True, lastChunk=True),
            artifact("Second.", "b"),
            DONE,
            artifact("never read", append=True),
        ),
        "Hällo\n\nSecond.",
        notices=(thought("Looking it up…\n"),),
        conversation_id="ctx-1",
    ),
    Case(
        "a2a-artifact-replaced",
        SSE,
        sse(artifact("Draft"), artifact("Other", "b"), artifact("Final", append=False), DONE),
        "Final\n\nOther",
        conversation_id="ctx-1",
        replaced=True,
    ),
    Case(
        "a2a-artifacts-by-turns",
        SSE,
        sse(artifact("One", "a"), artifact("Two", "b"), artifact(" more", "a", append=True), DONE),
        "One more\n\nTwo",
        conversation_id="ctx-1",
        replaced=True,
    ),
    Case(
        "a2a-task-repeats-what-was-streamed",
        SSE,
        sse(artifact("Hel"), artifact("lo", append=True), task("COMPLETED", ("a", "Hello"), ("b", "New."))),
        "Hello\n\nNew.",
        conversation_id="ctx-1",
    ),
    Case("a2a-message", SSE, sse(rpc(message={"messageId": "m", "contextId": "ctx-1", "parts": parts("Hi ", "you.")})),
         "Hi you.", conversation_id="ctx-1"),
    Case("a2a-said-at-the-end", SSE, sse(status("WORKING"), status("COMPLETED", "The answer.")), "The answer.",
         conversation_id="ctx-1"),
    Case("a2a-asks-back", SSE, sse(artifact("Draft."), status("INPUT_REQUIRED", "Which city?")),
         "Draft.\n\nWhich city?", conversation_id="ctx-1"),
    Case("a2a-failed", SSE, sse(artifact("Hal"), status("FAILED", "no key")), "Hal", "agent_failed",
         conversation_id="ctx-1"),
    Case("a2a-rejected", SSE, sse(status("REJECTED")), "", "agent_failed", conversation_id="ctx-1"),
    Case("a2a-error", SSE, sse(artifact("Hal"),
         {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "no"}}),
         "Hal", "agent_failed", conversation_id="ctx-1"),
    Case("a2a-error-whole", JSON, lines({"jsonrpc": "2.0", "id": None, "error": {"code": -32601, "message": "no"}}), "",
         "agent_failed"),
    Case("a2a-whole-task", JSON, lines(task("COMPLETED", ("a", "One."), ("b", "Two."), message="One.")),
         "One.\n\nTwo.\n\nOne.", conversation_id="ctx-1"),
    Case("a2a-whole-message", JSON, lines(rpc(message={"contextId": "ctx-1", "parts": parts("Hi.")})), "Hi.",
         conversation_id="ctx-1"),
    Case(
        "a2a-0.3-stream",
        SSE,
        sse(
            rpc(**OLD_TASK),
            old_status("working", "Hm."),
            old_artifact("Hä", append=False, lastChunk=False),
            old_artifact("llo", append=True, lastChunk=True),
            old_status("completed", final=True),
            before="id: 1\r\ndata: ",
            end="\r\n\r\n",
        ),
        "Hällo",
        notices=(thought("Hm.\n"),),
        conversation_id="ctx-1",
    ),
    Case("a2a-0.3-message", JSON, lines(rpc(kind="message", contextId="ctx-1", role="agent", parts=old_parts("Hi."))),
         "Hi.", conversation_id="ctx-1"),
    Case(
        "a2a-0.3-task",
        JSON,
        lines(rpc(**OLD_TASK | {"status": {"state": "completed"}, "artifacts": [{"parts": old_parts("Hi.")}]})),
        "Hi.",
        conversation_id="ctx-1",
    ),
    Case("a2a-0.3-canceled", SSE, sse(old_artifact("Hal"), old_status("canceled", final=True)), "Hal", "agent_failed",
         conversation_id="ctx-1"),
    Case("a2a-0.3-final", SSE, sse(old_artifact("Hi."), old_status("unknown", final=True), old_artifact("no", "b")),
         "Hi.", conversation_id="ctx-1"),
    Case(
        "a2a-odd-framing",
        "",
        sse(artifact("a"), before="event: message\ndata:", end="\r\r") + b": ping\n\n"
        + sse(artifact("b", append=True), end="\n\n\n") + sse(DONE, end=""),
        "ab",
        conversation_id="ctx-1",
    ),
    Case(
        "a2a-odd-values",
        SSE,
        sse(
            rpc(), rpc(kind=["task"]), rpc(artifactUpdate=[]),
            rpc(artifactUpdate={"artifact": {"parts": {"text": "x"}}}),
            {"jsonrpc": 2, "result": "x"}, {"jsonrpc": "2.0", "method": "x", "params": {"text": "no"}},
            rpc(statusUpdate={"status": {"state": 7, "message": []}}), rpc(task={"artifacts": [1, {"parts": [2]}]}),
            rpc(artifactUpdate={"contextId": 7, "artifact": {"artifactId": [],
                "parts": [{"data": {}}, {"text": "ok"}]}}),
        ),
        "ok",
    ),
]  # fmt: skip
