# SPDX-License-Identifier: Apache-2.0
"""What comes in and goes out: the input forms, the answers, topics, seq, the beat."""
import json
import re
import sys

from harness import Daemon, ask, is_silent, main, receive

TEXT = "Kein Regen in Wien. 東京は晴れ 🌞."


def test_json_passes_untouched():
    with Daemon() as d:
        sub, push = d.subscribe(), d.push()
        raw = '{ "z":1.50, "text": "caf\\u00e9 \\ud83c\\udf1e",  "a":[1e3,{"b":null}], "id":"x-1" }'
        push.send_string(raw)
        topic, body = sub.recv_multipart()
        assert body.decode().startswith(raw[:-2]), body
        out = json.loads(body)
        gloss = out.pop("gloss")
        assert out == json.loads(raw)
        assert gloss["seq"] == 1 and gloss["prev"] is None
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", gloss["log"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", gloss["received"])
        assert gloss["run"]["worker_us"] >= 0 and "errors" not in gloss["run"]


def test_plain_text():
    with Daemon() as d:
        sub, push = d.subscribe(), d.push()
        push.send_string(TEXT)
        [(_, out)] = receive(sub)
        assert out["text"] == TEXT and len(out["id"]) == 36


def test_head_and_text():
    with Daemon() as d:
        sub, push = d.subscribe(), d.push()
        push.send_multipart([b'{"title":"T","k":[1] }', TEXT.encode()])
        push.send_multipart([b"{}", b"bare"])
        push.send_multipart([b'{"gloss":7,"id":"i"}', b"quote \" backslash \\ tab \t end"])
        out = {doc["text"]: doc for _, doc in receive(sub, 3)}  # in the order they are done
        titled, quoted = out[TEXT], out['quote " backslash \\ tab \t end']
        assert (titled["title"], titled["k"]) == ("T", [1]) and len(titled["id"]) == 36
        assert len(out["bare"]["id"]) == 36
        assert quoted["id"] == "i" and "run" in quoted["gloss"]


def test_gloss_that_comes_in_is_replaced():
    with Daemon() as d:
        sub, push = d.subscribe(), d.push()
        for raw in '{"gloss":{"a":1},"text":"x"}', '{"text":"x","gloss":null}', '{"a":1,"gloss":[],"text":"x"}':
            push.send_string(raw)
            [(_, out)] = receive(sub)
            assert "seq" in out["gloss"] and "a" not in out["gloss"]


def test_req_and_dealer():
    with Daemon() as d:
        assert ask(d.req(), {"id": "r", "text": "x"}) == {"status": "accepted", "id": "r"}
        assert ask(d.req(), '{"id":"h"}', "text") == {"status": "accepted", "id": "h"}
        dealer = d.dealer()
        assert ask(dealer, {"id": "d", "text": "x"}) == {"status": "accepted", "id": "d"}
        assert ask(dealer, "", {"id": "e", "text": "x"}) == {"status": "accepted", "id": "e"}
        dealer.send_multipart([b"", b"text"])
        assert dealer.recv_multipart()[0] == b""
        made = ask(dealer, "plain text")
        assert made["status"] == "accepted" and len(made["id"]) == 36


def test_replies_in_order():
    with Daemon() as d:
        dealer = d.dealer()
        for i in range(5000):
            dealer.send_string(json.dumps({"id": str(i), "text": "x"} if i % 7 else {"id": str(i)}))
        for i in range(5000):
            reply = json.loads(dealer.recv())
            assert reply["id"] == str(i)
            assert reply["status"] == ("accepted" if i % 7 else "rejected")


def test_enriched_reply():
    with Daemon() as d:
        sub = d.subscribe()
        reply = ask(d.req(), {"id": "e", "text": "x", "reply": "enriched"})
        [(_, published)] = receive(sub)
        assert reply == published and reply["gloss"]["seq"] == 1
        reply = ask(d.dealer(), '{"id":"f","reply":"enriched"}', "text")
        assert reply["text"] == "text" and reply["gloss"]["seq"] == 2
        assert reply["gloss"]["prev"] == 1


def test_rejections():
    with Daemon(limits={"document_bytes": 1000}) as d:
        dealer = d.dealer()

        def rejected(code, message, *parts, id=None):
            reply = ask(dealer, *parts)
            assert reply["status"] == "rejected" and reply["id"] == id, reply
            assert reply["error"]["code"] == code, reply
            assert re.search(message, reply["error"]["message"]), reply

        rejected("invalid_json", "^line 1, column 10", '{"text": }')
        rejected("invalid_json", "^line 2, column 2", '{"id":"a",\n }', id="a")
        rejected("invalid_json", "column 5", '{"a"')
        rejected("invalid_json", "column 10", b'\xef\xbb\xbf{"text":}')
        rejected("invalid_utf8", "^line 2, column 3", b"ab\ncd\xff")
        rejected("invalid_utf8", "line 1, column 11", b'{"text": "\xc0\xaf"}')
        rejected("no_text", "", '{"id":"n"}', id="n")
        rejected("no_text", "", " \n")
        rejected("no_text", "", "{}", "")
        rejected("bad_field", "", '{"id":"b","text":7}', id="b")
        rejected("bad_field", "text", '{"text":"x"}', "y")
        rejected("bad_field", "this has more", "a", "b", "c")
        rejected("bad_field", "this has more", *["x"] * 100)
        rejected("too_large", "1000 bytes", '{"id":"l","text":"' + "x" * 1000 + '"}', id="l")
        rejected("too_large", "1000 bytes", "{}", "x" * 1000)
        assert ask(dealer, {"text": "x" * 900})["status"] == "accepted"


def test_faults_on_pull_are_logged():
    with Daemon() as d:
        sub, push = d.subscribe(), d.push()
        push.send_string('{"id":"bad","text": nope}')
        push.send_multipart([b"a", b"b", b"c"])
        d.wait_log(r"invalid_json: line 1, column 21.*id bad")
        d.wait_log("bad_field")
        for _ in range(1000):
            push.send_string("{")
        push.send_string("good")
        receive(sub)
        assert d.log().count("invalid_json") < 30
        assert d.stop() == 0
        assert "rejected 1002" in d.log()


def test_topic_and_prev():
    with Daemon(topic="{source}.") as d:
        sub, only_b, push = d.subscribe(), d.subscribe("b."), d.push()
        for source in "aabab":
            push.send_json({"text": "x", "source": source})
        got = sorted(receive(sub, 5), key=lambda r: r[1]["gloss"]["seq"])
        last = {}
        for i, (topic, out) in enumerate(got):
            assert topic == out["source"] + "." and out["gloss"]["seq"] == i + 1
            assert out["gloss"]["prev"] == last.get(topic)
            last[topic] = i + 1
        assert [r[1]["source"] for r in receive(only_b, 2)] == ["b", "b"]
        assert is_silent(only_b)


def test_beat():
    with Daemon() as d:
        sub, push = d.subscribe(beats=True), d.push()
        topic, body = sub.recv_multipart()
        assert topic == b"~" and json.loads(body)["gloss"]["seq"] == 0
        push.send_string("x")
        [(_, out)] = receive(sub)
        topic, body = sub.recv_multipart()
        assert topic == b"~"
        assert json.loads(body)["gloss"] == {"seq": 1, "log": out["gloss"]["log"]}


def test_endpoints_off():
    with Daemon() as d:
        d.config["endpoints"] |= {"pull": "", "publish": ""}
        d.stop()
        d.start()
        assert ask(d.req(), {"id": "x", "text": "x", "reply": "enriched"})["gloss"]["seq"] == 1
        assert d.stop() == 0


if __name__ == "__main__":
    main(sys.modules[__name__])
