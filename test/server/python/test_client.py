"""share/python/dreamos.py on a server that runs as a process."""
import json
import math
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, List

import dreamos
from rig import Between, Served

CONFORMANCE = Path(__file__).parents[3] / "fixtures" / "conformance"


class Sending(Served):
    def test_a_message_is_there_with_all_that_was_said(self) -> None:
        mail = self.client()
        sent = mail.send(
            "reviewer",
            "größer 😀",
            subject="s",
            type="question",
            priority="high",
            thread="t",
            tags=["a"],
            data={"n": 12345678901234567890},
            ttl=timedelta(hours=1),
            dedupe_key="k",
        )
        self.assertEqual((sent["state"], sent["mailboxes"]), ("ready", ["reviewer"]))
        message = mail.show(sent["id"])["message"]
        got = {name: message[name] for name in ("body", "subject", "type", "priority", "thread", "tags", "data")}
        wanted = {"body": "größer 😀", "subject": "s", "type": "question", "priority": "high", "thread": "t", "tags": ["a"]}
        self.assertEqual(got, {**wanted, "data": {"n": 12345678901234567890}})
        life = datetime.fromisoformat(str(message["expiresAt"])[:-1]) - datetime.fromisoformat(message["createdAt"][:-1])
        self.assertEqual(life, timedelta(hours=1))

    def test_a_repeat_under_a_key_sends_nothing(self) -> None:
        mail = self.client()
        one, other = (mail.send("reviewer", "x", dedupe_key="k") for _ in range(2))
        self.assertEqual((one["id"], "duplicate" in one, other["duplicate"]), (other["id"], False, True))

    def test_what_is_delayed_waits(self) -> None:
        mail = self.client()
        at = datetime.now(timezone.utc) + timedelta(days=1)
        for sent in (mail.send("reviewer", "x", at=at), mail.send("reviewer", "x", delay="1h"), mail.send("reviewer", "x", delay=3600)):
            self.assertEqual(sent["state"], "delayed")

    def test_many_are_sent_each_by_itself(self) -> None:
        results = self.client().send_all([dreamos.Draft(to="reviewer", body="1"), {"to": "nobody", "body": "2"}, dreamos.Draft(to="planner", body="3")])
        first, second, third = results
        assert isinstance(second, dreamos.DreamosError)
        self.assertEqual((second.code, isinstance(first, dict), isinstance(third, dict)), ("AGENT_NOT_FOUND", True, True))
        self.assertEqual(self.client().send_all([]), [])

    def test_what_is_refused_says_why(self) -> None:
        error = self.refused(lambda: self.client().send("nobody", "x"))
        self.assertEqual((error.code, error.kind, error.status), ("AGENT_NOT_FOUND", "not-found", 404))
        self.assertIn("agent register nobody", str(error.hint))
        # What JSON cannot say is refused before anything is asked.
        for draft in ({"body": "x", "data": math.nan}, {"body": "\ud83d"}, {"body": "x", "data": object()}):
            self.assertEqual(self.refused(lambda: self.client().send("reviewer", **draft)).code, "MESSAGE_INVALID")
        with self.assertRaises(TypeError):
            self.client().send("reviewer", "x", subjekt="s")

    def test_drafts_are_refused_as_everywhere(self) -> None:
        mail = self.client()
        for case in json.loads((CONFORMANCE / "drafts.json").read_bytes())["cases"]:
            if "http" in case.get("not", {}):
                continue
            with self.subTest(case["what"]):
                code = None
                try:
                    # As others may send it: json.dumps writes half a character as an escape.
                    mail._call("POST", "/v1/send", json.dumps(case["draft"]).encode(), False, 0)
                except dreamos.DreamosError as error:
                    code = error.code
                # What a route takes it says itself, and USAGE of all else.
                self.assertIn(code, (case["code"], "USAGE" if case["code"] else None))

    def test_topics_and_answers(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        reviewer.post("subscribe", {"patterns": "build.*"})
        self.assertEqual(mail.publish("build.done", "green", data=[1])["mailboxes"], ["reviewer"])
        got = reviewer.read(wait=5)
        assert got is not None
        self.assertEqual((got.body, got.data, got.message["topic"]), ("green", [1], "build.done"))
        got.reply("thanks", ack=True)
        self.assertEqual(got.settled["state"] if got.settled else None, "archived")
        answering = threading.Thread(target=lambda: [one.reply("42", ack=True) for one in reviewer.deliveries(wait=3, type="question")])
        answering.start()
        answer = mail.request("reviewer", "what?", type="question", wait=20)
        self.assertEqual(answer["body"] if answer else None, "42")
        answering.join()
        self.assertIsNone(mail.request("reviewer", "what?", type="other", wait=0.2))


class Taking(Served):
    def test_work_that_succeeds_is_acked_and_work_that_fails_comes_again(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        self.assertIsNone(reviewer.read())
        sent = mail.send("reviewer", "x")
        with self.assertRaises(ValueError):
            with reviewer.read() as delivery:  # type: ignore[union-attr]
                raise ValueError("no parser")
        (entry,) = reviewer.list(state="delayed")
        self.assertEqual((entry["id"], entry["attempt"]), (sent["id"], 1))
        events = [event for event in mail.watch("reviewer", since="start", wait=0.3) if event["event"] == "nacked"]
        self.assertIn("ValueError: no parser", json.dumps(events))
        with reviewer.read(wait=30) as delivery:  # type: ignore[union-attr]
            self.assertEqual(delivery.attempt, 2)
        self.assertEqual([entry["state"] for entry in mail.show(sent["id"])["entries"]], ["archived"])

    def test_what_was_settled_within_is_left_and_an_interrupt_costs_no_attempt(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        mail.send("reviewer", "x")
        with self.assertRaises(KeyboardInterrupt):
            with reviewer.read():  # type: ignore[union-attr]
                raise KeyboardInterrupt
        with reviewer.read(wait=5) as delivery:  # type: ignore[union-attr]
            self.assertEqual(delivery.attempt, 1)
            delivery.nack(dead=True, reason="it cannot be done")
        self.assertEqual([entry["reason"] for entry in reviewer.pages("dlq.list")], ["it cannot be done"])
        self.assertEqual(self.refused(delivery.ack).code, "ALREADY_SETTLED")

    def test_a_claim_is_renewed_as_long_as_the_work_takes(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        mail.send("reviewer", "x")
        with reviewer.read(lease=0.6, renew=True) as delivery:  # type: ignore[union-attr]
            time.sleep(2)
            self.assertIsNone(reviewer.read())
        self.assertEqual((delivery.attempt, delivery.lost, delivery.settled["state"] if delivery.settled else None), (1, None, "archived"))

    def test_a_claim_that_is_not_renewed_is_lost(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        mail.send("reviewer", "x")
        delivery = reviewer.read(lease=0.2)
        assert delivery is not None
        time.sleep(0.4)
        other = reviewer.read(wait=10)
        assert other is not None
        self.assertEqual(self.refused(delivery.ack).code, "LEASE_LOST")
        other.ack()

    def test_a_read_waits_and_takes_only_what_is_asked_for(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        later = threading.Timer(0.5, lambda: mail.send_all([dreamos.Draft(to="reviewer", body=body, type=body) for body in ("a", "b")]))
        later.start()
        got = reviewer.read(wait=30, type="b", sender="planner")
        assert got is not None
        self.assertEqual(got.body, "b")
        begun = time.monotonic()
        self.assertIsNone(reviewer.read(wait=0.5, type="b"))
        self.assertGreater(time.monotonic() - begun, 0.45)
        later.join()

    def test_the_claim_of_a_client_that_was_killed_comes_back(self) -> None:
        reader = "import dreamos, sys; dreamos.connect(sys.argv[1], agent='reviewer').read(wait=600)"
        child = subprocess.Popen([sys.executable, "-c", reader, f"unix:{self.root / 'server.sock'}"])
        mail = self.client()
        self.until("it waits", lambda: next(mail.status("reviewer")).get("lastReadAt") is not None)
        # It is there, and takes nothing any more.
        child.send_signal(signal.SIGSTOP)
        mail.send("reviewer", "x")
        self.until("it is claimed for it", lambda: next(mail.status("reviewer"))["inflight"] == 1)
        child.kill()
        child.wait()
        got = self.client("reviewer").read(wait=10)
        assert got is not None
        self.assertEqual((got.body, got.attempt), ("x", 1))


class Looking(Served):
    def test_lists_come_whole_page_by_page(self) -> None:
        mail = self.client()
        mail.send_all([dreamos.Draft(to="reviewer", body=f"body {n}.", type="n") for n in range(250)])
        bodies = [entry["message"]["body"] for entry in mail.list("reviewer", type="n")]  # type: ignore[index]
        self.assertEqual(sorted(bodies), sorted(f"body {n}." for n in range(250)))
        self.assertEqual([one["message"]["body"] for one in mail.peek("reviewer", limit=2)], ["body 0.", "body 1."])
        self.assertEqual(len(list(mail.search("4.", "reviewer"))), 25)
        self.assertEqual([(one["mailbox"], one["ready"]) for one in mail.status("reviewer")], [("reviewer", 250)])
        self.assertEqual([agent["name"] for agent in mail.agents()], ["planner", "reviewer"])

    def test_a_thread_is_told_in_order(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        first = mail.send("reviewer", "question")
        reviewer.reply(first["id"], "answer")
        self.assertEqual([one["message"]["body"] for one in mail.thread(first["id"])], ["question", "answer"])

    def test_every_operation_can_be_called_by_its_name(self) -> None:
        mail = self.client()
        self.assertEqual(mail.post("config.set", {"key": "lease", "value": "20m"})["value"], "20m")
        self.assertIn("lease", [one["key"] for one in mail.get("config.get")["items"] if one["value"] == "20m"])
        self.assertEqual(self.refused(lambda: mail.get("no.such")).status, 404)

    def test_bad_cursors_are_refused(self) -> None:
        mail = self.client()
        for case in json.loads((CONFORMANCE / "cursors.json").read_bytes())["cases"]:
            if not case["good"] and case["cursor"]:
                with self.subTest(case["what"]):
                    self.assertEqual(self.refused(lambda: next(mail.watch("reviewer", since=case["cursor"]))).code, "CURSOR_INVALID")

    def test_tasks_from_their_making_to_their_end(self) -> None:
        mail, reviewer = self.client(), self.client("reviewer")
        one = mail.tasks.create("Write it", body="all of it", depends_on=[], tags=["a"])
        seen: List[str] = []
        watching = threading.Thread(target=lambda: seen.extend(event["event"] for event in mail.tasks.watch(one["id"])))
        watching.start()
        self.assertEqual([task["id"] for task in mail.tasks.list()], [one["id"]])
        mail.tasks.assign(one["id"], "reviewer")
        taken = reviewer.tasks.next(wait=10)
        assert taken is not None
        self.assertEqual(taken["id"], one["id"])
        reviewer.tasks.progress(one["id"], percent=50, note="half")
        self.assertEqual(reviewer.tasks.done(one["id"], result="written", data={"n": 1})["state"], "done")
        watching.join(20)
        self.assertIn("acked", seen)
        self.assertEqual(mail.tasks.show(one["id"])["state"], "done")
        self.assertIsNone(reviewer.tasks.next())
        other = mail.tasks.create("Another")
        self.assertEqual(mail.tasks.cancel(other["id"])["state"], "cancelled")


class Following(Served):
    def test_a_watch_goes_on_without_a_gap_where_its_server_was_killed(self) -> None:
        self.client("reviewer").read()
        mail = self.client()
        seen: List[str] = []
        began = threading.Event()

        def follow() -> None:
            for event in mail.watch("reviewer", since="start", count=30):
                if event["event"] == "delivered":
                    seen.append(event["id"])
                began.set()

        following = threading.Thread(target=follow)
        following.start()
        sent = []
        for at in range(3):
            sent += [mail.send("reviewer", "x", dedupe_key=f"{at} {n}")["id"] for n in range(5)]
            began.wait(20)
            # What is sent while there is no server is missed no less.
            self.kill()
            sent += [dreamos.drop("reviewer", "x", sender="planner", root=self.root) for _ in range(5)]
            self.serve()
            self.client("reviewer").peek(limit=100)
        following.join(60)
        self.assertEqual((len(seen), sorted(seen)), (30, sorted(sent)))

    def test_listening_hears_what_is_published(self) -> None:
        mail = self.client()
        heard: List[str] = []
        listening = threading.Thread(target=lambda: heard.extend(one["message"]["body"] for one in mail.listen("build.>", since="start", count=3)))
        mail.publish("build.a", "1")
        listening.start()
        mail.publish("other", "no")
        mail.publish("build.b", "2")
        mail.publish("build.c.d", "3")
        listening.join(20)
        self.assertEqual(heard, ["1", "2", "3"])

    def test_it_ends_when_nothing_comes(self) -> None:
        begun = time.monotonic()
        self.assertEqual(list(self.client().watch(wait=0.5)), [])
        self.assertLess(time.monotonic() - begun, 10)


class Breaking(Served):
    def test_without_a_server_nothing_is_waited_for(self) -> None:
        self.kill()
        begun = time.monotonic()
        error = self.refused(lambda: self.client().send("reviewer", "x"))
        self.assertEqual((error.code, error.kind), ("SERVER_UNREACHABLE", "unreachable"))
        self.assertLess(time.monotonic() - begun, 3)

    def test_an_answer_that_is_lost_is_asked_for_again_where_that_is_harmless(self) -> None:
        between = Between(self, "POST /v1/send")
        mail = self.client(server=between.server)
        list(mail.status())
        self.assertIs(mail.send("reviewer", "x", dedupe_key="k")["duplicate"], True)
        self.assertEqual(len(between.kept), 1)
        self.assertEqual(len(list(mail.list("reviewer"))), 1)

    def test_and_else_it_says_that_nobody_knows(self) -> None:
        between = Between(self, "POST /v1/send")
        mail = self.client(server=between.server)
        list(mail.status())
        error = self.refused(lambda: mail.send("reviewer", "x"))
        self.assertEqual((error.code, error.kind), ("SEND_UNCERTAIN", "disk"))
        # This time it was sent.
        self.assertEqual(len(list(mail.list("reviewer"))), 1)

    def test_an_ack_whose_answer_is_lost_is_an_ack(self) -> None:
        between = Between(self, "POST /v1/ack")
        reviewer = self.client("reviewer", server=between.server)
        self.client().send("reviewer", "x")
        with reviewer.read() as delivery:  # type: ignore[union-attr]
            pass
        self.assertEqual(delivery.settled["state"] if delivery.settled else None, "archived")
        self.assertEqual(len(between.kept), 1)

    def test_a_reply_whose_answer_is_lost_is_sent_once(self) -> None:
        between = Between(self, "POST /v1/reply")
        reviewer = self.client("reviewer", server=between.server)
        self.client().send("reviewer", "x")
        with reviewer.read() as delivery:  # type: ignore[union-attr]
            delivery.reply("y", ack=True)
        self.assertEqual([entry["message"]["body"] for entry in reviewer.list("planner")], ["y"])  # type: ignore[index]

    def test_a_server_that_is_killed_in_the_middle_of_sends_loses_and_doubles_nothing(self) -> None:
        mail = self.client(patience=60)
        sent: List[str] = []
        failed: List[Any] = []

        def send(which: int) -> None:
            try:
                sent.extend(mail.send("reviewer", f"{which} {n}", dedupe_key=f"{which} {n}")["id"] for n in range(40))
            except Exception as error:
                failed.append(error)

        list(mail.status())
        senders = [threading.Thread(target=send, args=(which,)) for which in range(4)]
        for one in senders:
            one.start()
        for at in (20, 60, 100):
            self.until(f"{at} are sent", lambda: len(sent) >= at or len(failed) > 0)
            self.kill()
            self.serve()
        for one in senders:
            one.join()
        self.assertEqual(failed, [])
        there = [(entry["id"], entry["message"]["body"]) for entry in mail.list("reviewer")]  # type: ignore[index]
        self.assertEqual(sorted(id for id, _ in there), sorted(sent))
        self.assertEqual(sorted(body for _, body in there), sorted(f"{which} {n}" for which in range(4) for n in range(40)))

    def test_a_read_goes_on_where_its_server_is_begun_anew(self) -> None:
        reviewer = self.client("reviewer")
        reviewer.read()
        got: List[Any] = []
        reading = threading.Thread(target=lambda: got.append(reviewer.read(wait=60)))
        reading.start()
        time.sleep(0.5)
        self.kill()
        self.serve()
        # As it ends it answers those who wait, with nothing.
        self.run_dreamos("serve stop")
        self.serve()
        self.client().send("reviewer", "x")
        reading.join(60)
        self.assertEqual([one.body for one in got], ["x"])

    def test_what_is_no_server_is_told(self) -> None:
        server = subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=self.dir, env={"PYTHONUNBUFFERED": "1"})
        try:
            assert server.stdout is not None
            port = server.stdout.readline().split("port ")[1].split()[0]
            error = self.refused(lambda: list(self.client(server=f"http://127.0.0.1:{port}").status()))
            self.assertEqual((error.code, error.status), ("SERVER_DIFFERS", 404))
            server.stdout.close()
        finally:
            server.kill()
            server.wait()

    def test_a_server_that_is_full_is_asked_again(self) -> None:
        asked: List[str] = []

        class Full(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                asked.append(self.path)
                data = b"" if len(asked) < 3 else b'{"id":"x"}'
                self.send_response(201 if data else 503)
                if not data:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Full) as server:
            threading.Thread(target=server.serve_forever).start()
            try:
                url = f"http://127.0.0.1:{server.server_port}"
                with self.client(server=url) as mail:
                    self.assertEqual(mail.send("reviewer", "x")["id"], "x")
                asked.clear()
                with self.client(server=url, patience=0) as mail:
                    error = self.refused(lambda: mail.send("reviewer", "x"))
                self.assertEqual((error.code, error.kind, error.status, len(asked)), ("SERVER_BUSY", "unreachable", 503, 1))
            finally:
                server.shutdown()


class OverTcp(Served):
    options = "--http 127.0.0.1:0"

    def test_a_token_says_who_asks(self) -> None:
        made = json.loads(self.run_dreamos("token create planner --json"))
        secret = next(value for name, value in made.items() if name in ("token", "secret"))
        mail = self.client(None, server=self.about["http"], token=secret)
        sent = mail.send("reviewer", "x")
        self.assertEqual(mail.show(sent["id"])["message"]["from"], "planner")
        self.assertEqual(next(mail.watch(since="start"))["id"], sent["id"])
        error = self.refused(lambda: self.client("reviewer", server=self.about["http"], token=secret).read())
        self.assertEqual((error.code, error.status, error.kind), ("FORBIDDEN", 403, "denied"))
        error = self.refused(lambda: self.client(None, server=self.about["http"]).read())
        self.assertEqual((error.code, error.status), ("UNAUTHENTICATED", 401))
        kept = self.dir / "token"
        kept.write_text(secret + "\n")
        self.client(None, server=self.about["http"], token_file=kept).send("reviewer", "y")


class Dropping(Served):
    def test_a_file_is_mail_without_any_server(self) -> None:
        self.kill()
        id = dreamos.drop("Reviewer", "größer 😀", sender="planner", root=self.root, data={"n": 2**70}, ttl="1h", tags=["a"])
        (name,) = (self.root / "agent_mailboxes" / "reviewer" / "drop").iterdir()
        self.assertEqual((name.stat().st_mode & 0o777, dreamos.is_drop_name(name.name)), (0o600, True))
        self.assertEqual(list((self.root / "agent_mailboxes" / "reviewer" / "tmp").iterdir()), [])
        got = json.loads(self.run_dreamos("read reviewer --json --ack"))["message"]
        self.assertEqual((got["id"], got["from"], got["body"], got["data"], got["tags"]), (id, "planner", "größer 😀", {"n": 2**70}, ["a"]))

    def test_under_a_key_it_comes_once(self) -> None:
        for _ in range(3):
            dreamos.drop("reviewer", "x", sender="planner", root=self.dir, dedupe_key="k")
        reviewer = self.client("reviewer")
        self.assertEqual(len(reviewer.peek(limit=10)), 1)

    def test_what_would_be_no_message_is_refused_before_anything_is_written(self) -> None:
        refused = {
            "NAME_INVALID": {"to": "../planner"},
            "AGENT_NOT_FOUND": {"to": "nobody"},
            "BODY_EMPTY": {"body": " "},
            "MESSAGE_INVALID": {"subject": "s" * 201},
            "USAGE": {"ttl": "soon"},
            "ROOT_NOT_FOUND": {"root": "/nowhere"},
            "MESSAGE_TOO_LARGE": {"body": "x" * (64 * 1024 * 1024 + 1)},
        }
        for code, wrong in refused.items():
            with self.subTest(code):
                how: Any = {"to": "reviewer", "body": "x", "sender": "planner", "root": self.root, **wrong}
                self.assertEqual(self.refused(lambda: dreamos.drop(**how)).code, code)
        self.run_dreamos("agent retire reviewer")
        self.assertEqual(self.refused(lambda: dreamos.drop("reviewer", "x", sender="planner", root=self.root)).code, "AGENT_RETIRED")
        box = self.root / "agent_mailboxes" / "reviewer"
        self.assertEqual([*(box / "drop").iterdir(), *(box / "tmp").iterdir()], [])

    def test_every_good_draft_is_taken_and_every_bad_one_refused(self) -> None:
        cases = json.loads((CONFORMANCE / "drafts.json").read_bytes())["cases"]
        box, count = self.root / "agent_mailboxes" / "reviewer", 0
        for case in cases:
            draft = {**case["draft"], "from": case["draft"].get("from", "planner"), "to": "reviewer"}
            try:
                dreamos.check_draft({**case["draft"], **draft})
            except dreamos.DreamosError:
                continue
            # Handed in as it is: what we take for good is good to who adopts it.
            count += 1
            written = box / "tmp" / f"{dreamos.new_id()}.json"
            written.write_text(json.dumps({name: value for name, value in draft.items() if name != "to"}))
            written.rename(box / "drop" / written.name)
        self.assertGreater(count, 10)
        self.client("reviewer").peek(limit=100)
        self.assertEqual([*(box / "drop").iterdir(), *(box / "corrupt").iterdir()], [])
