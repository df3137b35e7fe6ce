"""fixtures/conformance/ says what every implementation has to agree with; this is share/python/dreamos.py."""
import base64
import json
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import dreamos
import ed25519

FOLDER = Path(__file__).parents[3] / "fixtures" / "conformance"


def refusal(work: Callable[[], Any]) -> Optional[str]:
    try:
        work()
    except dreamos.DreamosError as error:
        return error.code
    return None


def kept(parse: Callable[[str], str], text: str) -> Optional[str]:
    try:
        return parse(text)
    except dreamos.DreamosError as error:
        assert error.code == "TOPIC_INVALID"
        return None


def milliseconds(text: str) -> Optional[int]:
    return None if refusal(lambda: dreamos.duration_ms(text)) == "USAGE" else dreamos.duration_ms(text)


def verdict(case: Dict[str, Any]) -> str:
    data = base64.b64decode(case["bytes"])
    part = None if dreamos.digest_fault(data) else dreamos.signed_part(data)
    if part is None:
        return "unsigned"
    return "verified" if ed25519.verifies(base64.b64decode(case["publicKey"]), *part) else "invalid"


Compared = List[Tuple[str, Any, Any]]
READERS: Dict[str, Callable[[Any], Compared]] = {
    "agent-names": lambda file: [(one["name"], one["good"], dreamos.is_agent_name(one["name"])) for one in file["cases"]],
    "digests": lambda file: [
        (one["what"], one["fault"], dreamos.digest_fault(base64.b64decode(one["bytes"]))) for one in file["cases"]
    ],
    "drafts": lambda file: [
        (one["what"], one["code"], refusal(lambda: dreamos.check_draft(one["draft"])))
        for one in file["cases"]
        if "python" not in one.get("not", {})
    ],
    "drop-names": lambda file: [(one["name"], one["taken"], dreamos.is_drop_name(one["name"])) for one in file["cases"]],
    "durations": lambda file: [(one["text"], one["ms"], milliseconds(one["text"])) for one in file["cases"]],
    "error-codes": lambda file: [(one["code"], one["kind"], dreamos.kind_of(one["code"])) for one in file["cases"]],
    "ids": lambda file: [
        (
            one["text"],
            (one["good"], one.get("timeMs")),
            (dreamos.is_id(one["text"]), round(dreamos.id_time(one["text"]) * 1000) if dreamos.is_id(one["text"]) else None),
        )
        for one in file["cases"]
    ],
    "signatures": lambda file: [(one["what"], one["verdict"], verdict(one)) for one in file["cases"]],
    "topics": lambda file: [
        *[(one["text"], one["kept"], kept(dreamos.topic, one["text"])) for one in file["topics"]],
        *[(one["text"], one["kept"], kept(dreamos.topic_pattern, one["text"])) for one in file["patterns"]],
        *[
            (one["pattern"] + " " + one["topic"], one["matches"], dreamos.topic_matches(one["pattern"], one["topic"]))
            for one in file["matches"]
        ],
    ],
}


class Conformance(unittest.TestCase):
    def test_each_file_is_read_or_says_why_not(self) -> None:
        for path in FOLDER.iterdir():
            file = json.loads(path.read_bytes())
            self.assertNotEqual(path.stem in READERS, "python" in file.get("not", {}), path.name)

    def test_the_cases(self) -> None:
        for name, reader in READERS.items():
            compared = reader(json.loads((FOLDER / f"{name}.json").read_bytes()))
            self.assertGreater(len(compared), 0)
            for what, wanted, found in compared:
                with self.subTest(file=name, case=what):
                    self.assertEqual(found, wanted)

    def test_an_id_is_made_of_now(self) -> None:
        one, other = dreamos.new_id(), dreamos.new_id()
        self.assertTrue(dreamos.is_id(one) and one != other)
