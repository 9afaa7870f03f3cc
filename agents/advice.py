"""What the owner of an agent should change after a failure: one sentence for each code, sharper where more was seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agents.exceptions import SENTENCES
from agents.limits import LABELS
from agents.models import Agent, AuthKind, Run

ADVICE: Final[dict[str, str]] = {
    "agent_unreachable": "Check the address and its port, and that the agent runs where Parley's server can reach it.",
    "agent_blocked_address": "Use an address that is public, or ask the operator to allow this one.",
    "agent_auth": "Set the kind of authentication and the secret to what the agent's side expects.",
    "agent_not_registered": "Activate the workflow in n8n and use its production address, with /webhook/ in it.",
    "agent_not_found": "Check the path of the address: the server answers, but there is no agent under it.",
    "agent_redirect": "Enter the address that it points to: Parley follows no redirect with a secret in its hand.",
    "agent_html": "Enter the address of the agent's webhook or API instead of a page for people.",
    "agent_respond_immediately": "In n8n's trigger, set Respond to Streaming, Last node or Respond node.",
    "agent_unsupported_type": "Let the agent answer with text, JSON or a stream of events.",
    "agent_rejected": "Check that the agent's kind and settings are those that its side expects.",
    "agent_busy": "Let the agent take more calls at once, or set how many calls Parley makes at once.",
    "agent_failed": "Look into the agent's own log: the fault is on its side.",
    "agent_timeout": "Switch the agent to streaming, or raise the limit that was reached.",
    "agent_truncated": "Look for what cuts the connection: a crash of the agent, or a proxy that does not stream.",
    "agent_empty": (
        "With n8n: the trigger streams but the agent node does not, so switch streaming on there;"
        " or the workflow failed before its Respond node."
    ),
    "agent_paused": (
        "It was not called, since it had failed many times in a row. The failures before say why;"
        " a change of its settings or a good test ends the pause."
    ),
    "agent_bad_json": "Let the agent answer with valid JSON, or declare the answer as text/plain.",
    "agent_too_large": "Let the agent answer more briefly, or raise its limits of size.",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A failed call: a key of `SENTENCES`, what the caller noted, and how the agent is set up."""

    code: str
    diagnosis: str = ""
    http_status: int | None = None
    format: str = ""
    url: str = ""
    auth_kind: str = ""

    @classmethod
    def of(cls, run: Run, agent: Agent) -> "Seen | None":
        """Return what the ledger knows of a failure, None for one that has no code.

        The diagnosis begins with the code for the owner, which members are not told.
        """
        code, _, diagnosis = run.diagnosis.partition(": ")
        if code not in SENTENCES:
            code, diagnosis = run.error_code.lower(), run.diagnosis
        if code not in SENTENCES:
            return None
        return cls(code, diagnosis, run.http_status, run.wire_format, agent.webhook_url, agent.auth_kind)


@dataclass(frozen=True, slots=True)
class Hint:
    """Advice that fits better than the general one where it applies."""

    applies: Callable[[Seen], bool]
    sentence: str


def advise(seen: Seen) -> str:
    """Return the one sentence that says what to change."""
    hints = (hint.sentence for hint in HINTS.get(seen.code, ()) if hint.applies(seen))
    return next(hints, ADVICE[seen.code])


def says(*words: str) -> Callable[[Seen], bool]:
    """Tell whether the diagnosis holds one of the words, however they are written."""
    return lambda seen: any(word.lower() in seen.diagnosis.lower() for word in words)


def status(*numbers: int) -> Callable[[Seen], bool]:
    return lambda seen: seen.http_status in numbers


def _asks_basic(seen: Seen) -> bool:
    """n8n names Basic whatever it wants, under the realm Webhook."""
    return seen.auth_kind != AuthKind.BASIC and says("asks for Basic")(seen) and not says("Webhook")(seen)


def _asks_bearer(seen: Seen) -> bool:
    return seen.auth_kind != AuthKind.BEARER and says("asks for Bearer")(seen)


def _is_test_address(seen: Seen) -> bool:
    return "/webhook-test/" in seen.url


def _is_chat_trigger(seen: Seen) -> bool:
    return "/webhook/" in seen.url and seen.url.partition("?")[0].rstrip("/").endswith("/chat")


TEST_ADDRESS: Final = Hint(
    _is_test_address,
    "This is n8n's test address, which takes one call after “Execute workflow”:"
    " activate the workflow and use the production address, with /webhook/ instead of /webhook-test/.",
)
HINTS: Final[dict[str, Sequence[Hint]]] = {
    "agent_unreachable": (
        Hint(
            says("WRONG_VERSION_NUMBER", "record layer failure"),
            "The port does not speak TLS: begin the address with http://, or use the port for https.",
        ),
        Hint(
            says("secure connection", "certificate"),
            "Give the agent's server a valid certificate for this host name from a known authority.",
        ),
        Hint(
            says("name or service not known", "no address associated", "name resolution", "nodename nor servname"),
            "Check the spelling of the host name: no address is known for it.",
        ),
        Hint(
            says("connect call failed", "refused"),
            "Start the agent, or correct the port: nothing listens at this address.",
        ),
        Hint(
            says("within"),
            "Open the port for Parley's server in the firewall: nothing answers at this address, not even with a no.",
        ),
    ),
    "agent_auth": (
        Hint(status(428), "In n8n, connect the credentials of the user whom the token belongs to."),
        Hint(says("cannot be read"), "Enter the secret again: the key that it was sealed with is gone."),
        Hint(says("line breaks"), "Enter the secret again, without line breaks or special characters."),
        Hint(says("whitelisted", "allowlist"), "Add Parley's server to the agent's list of allowed IPs."),
        Hint(says("no token provided", "jwt"), "Set the authentication to Bearer and enter a JWT that n8n can verify."),
        Hint(_asks_basic, "Set the authentication to Basic and enter the user name and the password."),
        Hint(_asks_bearer, "Set the authentication to Bearer and enter the token."),
        Hint(
            lambda seen: seen.auth_kind == AuthKind.NONE,
            "Enter the secret that the agent asks for, and choose how it is sent.",
        ),
        Hint(
            lambda seen: seen.http_status == 403 and not says("authorization")(seen),
            "Check the secret; if it is right, set a browser's User-Agent: n8n's option “Ignore Bots” may refuse ours.",
        ),
    ),
    "agent_not_registered": (
        Hint(says("did you mean to make a"), "In n8n's Webhook node, set the HTTP method to POST."),
        TEST_ADDRESS,
    ),
    "agent_not_found": (
        TEST_ADDRESS,
        Hint(status(405), "Enter an address that takes POST requests, and set n8n's Webhook node to POST."),
        Hint(_is_chat_trigger, "In n8n's Chat Trigger, switch on “Make chat publicly available”."),
    ),
    "agent_html": (
        Hint(
            says("sign in", "log in", "login"),
            "The address leads to a sign-in page: enter that of the webhook or API, which takes the secret itself.",
        ),
    ),
    "agent_unsupported_type": (
        Hint(says("packed as"), "Switch off the compression of answers before the agent: it was not asked for."),
    ),
    "agent_rejected": (
        Hint(status(413), "Let the agent take larger messages (n8n: N8N_PAYLOAD_SIZE_MAX), or send it shorter chats."),
        Hint(says("model"), "Check the name of the model: the agent's side does not take this one."),
    ),
    "agent_busy": (
        Hint(status(429), "Raise the agent's limit of calls, or set how many calls Parley makes at once."),
        Hint(status(503), "Wait until the agent's server has started, or give it more room."),
        Hint(
            says("look-up"), "Check the host name and try again: look-ups of names that give no answer took all room."
        ),
    ),
    "agent_failed": (
        Hint(
            says("respond to webhook"),
            "In n8n, let the trigger's Respond and the Respond to Webhook node fit together: both or neither.",
        ),
        Hint(says("no authentication data"), "In n8n's Webhook node, choose the credential that it checks."),
        Hint(
            says("workflow"),
            "Open the list of executions in n8n: the one that failed shows which node and why.",
        ),
        Hint(
            says("no http answer"),
            "Check that the port speaks HTTP, and begin the address with https:// if it wants TLS.",
        ),
        Hint(says("parley itself failed"), "Ask the operator: this is a fault of Parley, and its log says where."),
    ),
    "agent_timeout": (
        Hint(
            lambda seen: seen.http_status in {502, 504, 524},
            "Switch the workflow to streaming, or raise the time-out of the gateway before the agent.",
        ),
        Hint(
            says("then it fell silent"),
            "Open the list of executions in n8n: the one that failed shows which node and why.",
        ),
        Hint(
            says("as long as a test waits"),
            "Switch the agent to streaming, so that it answers at once; in a chat it is waited for longer.",
        ),
        Hint(
            says("nothing came"),
            f"Switch the agent to streaming, so that it answers at once, or raise its limit “{LABELS['first_byte']}”.",
        ),
        Hint(
            says("silent for"),
            f"Let the agent send something while it works, or raise its limit “{LABELS['idle']}”.",
        ),
        Hint(
            says("no text came"),
            f"Look at what keeps the agent busy without a word, or raise its limit “{LABELS['no_text']}”.",
        ),
        Hint(says("more than"), f"Let the agent answer more quickly, or raise its limit “{LABELS['total']}”."),
    ),
    "agent_too_large": (
        Hint(
            says("the answer is over"),
            f"Let the agent answer more briefly, or raise its limit “{LABELS['text_bytes']}”.",
        ),
        Hint(says("one event"), f"Let the agent send smaller pieces, or raise its limit “{LABELS['event_bytes']}”."),
        Hint(
            says("bytes came"), f"Let the agent send less beside its text, or raise its limit “{LABELS['body_bytes']}”."
        ),
    ),
    "agent_empty": (
        Hint(status(204, 205), "Let the agent answer 200 with a text: this status says that there is none."),
        Hint(says("last node did not", "no data was returned"), "Let the last node of the workflow return the answer."),
        Hint(
            lambda seen: seen.format == "n8n",
            "The workflow streams but no node of it sends text: switch streaming on in the agent node.",
        ),
    ),
}
