"""Turn one event into one answer of a handler, as Lambda's Python runtime does; run as a script of its own.

Started as `python bootstrap.py SCRATCH HANDLER` in the function's folder. `SCRATCH/call.json` holds `event` (text),
`deadline` (seconds since 1970), `layers` (folders) and `context`; the answer goes to `SCRATCH/answer.json`: `result`
(JSON text) or `error`. Output is the function's log.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_LAYERS = (f"python/lib/python{_VERSION}/site-packages", "python")
"""Where Python looks for libraries in a layer ("Packaging your layer content")."""


class Failed(Exception):
    """What the runtime itself reports: an error type and a text."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def main() -> None:
    """Run the handler once."""
    scratch, handler = Path(sys.argv[1]), sys.argv[2]
    call = json.loads((scratch / "call.json").read_text())
    sys.path[:1] = [
        os.environ["LAMBDA_TASK_ROOT"],
        *(f"{layer}/{part}" for layer in call["layers"] for part in _LAYERS),
    ]
    _log_as_lambda(call["context"]["aws_request_id"])
    try:
        result = _find(handler)(json.loads(call["event"]), _context(call))
        answer: dict[str, Any] = {"result": _written(result)}
    except Failed as failure:
        answer = {"error": _told(call, failure.kind, str(failure), [])}
    except Exception as error:  # noqa: BLE001 - the handler's own, which is an answer
        lines = traceback.format_tb(error.__traceback__)[1:]  # ours is none of the user's business
        answer = {"error": _told(call, type(error).__name__, str(error), lines)}
    (scratch / "answer.json").write_text(json.dumps(answer))


def _find(handler: str) -> Any:
    path, dot, name = handler.rpartition(".")
    if not dot:
        raise Failed("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack")
    module = path.replace("/", ".")
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise Failed("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}") from error
    except SyntaxError as error:
        raise Failed("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}") from error
    if not hasattr(found, name):
        raise Failed("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
    return getattr(found, name)


def _context(call: dict[str, Any]) -> SimpleNamespace:
    def remaining() -> int:
        return max(0, int((call["deadline"] - time.time()) * 1000))

    context = SimpleNamespace(**call["context"], identity=None, client_context=None)
    context.get_remaining_time_in_millis = remaining
    return context


def _written(result: Any) -> str:
    try:
        return json.dumps(result)
    except (TypeError, ValueError) as error:
        raise Failed("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _told(call: dict[str, Any], kind: str, text: str, lines: list[str]) -> dict[str, Any]:
    """The answer of a failed call, which is logged as well."""
    sys.stdout.flush()
    trace = "Traceback (most recent call last):\n" + "".join(lines)
    print(f"[ERROR] {kind}: {text}\n{trace}", flush=True)  # noqa: T201 - the function's log
    return {
        "errorMessage": text,
        "errorType": kind,
        "requestId": call["context"]["aws_request_id"],
        "stackTrace": lines,
    }


def _log_as_lambda(request_id: str) -> None:
    """Give the root logger the handler and format that Lambda's runtime gives it."""
    handler = logging.StreamHandler(sys.stdout)
    text = f"[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t{request_id}\t%(message)s"
    formatter = logging.Formatter(text, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)


if __name__ == "__main__":
    main()
