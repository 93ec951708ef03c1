# SPDX-License-Identifier: Apache-2.0
"""The documents of the torture. The hard rule: all of a document follows from its token,
so that nobody need remember what was sent."""
import json
import re
import zlib

# A document with the word makes the plugin do that, see PIPELINE; one in so many has it.
WORDS = ("segv", "exit", "abort", "loop", "deadly")
ONE_IN = 300

TOKEN = re.compile(rb'"text":"([io][0-9a-z]*-[0-9]+) ')


def faulty(word, how, **entry):
    return {"plugin": "faulty", "as": word, "timeout_ms": 20, "options": {"word": word, "how": how}} | entry


PIPELINE = [{"plugin": "shout"}] + [faulty(w, w) for w in WORDS[:4]] + [faulty("deadly", "segv", on_error="dead")]


def is_anonymous(token):
    """Tokens are i... (it is the document's id) or o... (without one)."""
    return token[0] == "o"


def fields(token):
    """The head without the text, the text, and the form: json, text or split."""
    r = zlib.crc32(token.encode())
    word = WORDS[r // ONE_IN % len(WORDS)] if r % ONE_IN == 0 else "GOOD"
    size = 20000 if r % 1000 == 1 else (r >> 8) % 120
    text = f"{token} {word} wörds\n" + "x" * size
    form = ("split", "text")[r >> 20 & 1] if r >> 16 & 7 == 0 else "json"
    head = {} if is_anonymous(token) else {"id": token}
    if form == "text" and head:
        form = "json"
    if form != "text":
        head |= {"source": "abcd"[r >> 4 & 3], "n": r}
    return head, text, form


def is_token(id):
    return re.fullmatch("[io][0-9a-z]*-[0-9]+", id) is not None


def dies(token):
    """Whether it is never published, but becomes a dead letter."""
    return f"{token} deadly " in fields(token)[1]


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def make(token, **more):
    """The frames to send."""
    head, text, form = fields(token)
    if form == "text":
        return [text.encode()]
    if form == "split":
        return [compact(head | more), text.encode()]
    return [compact(head | more | {"text": text})]


def head_of(whole, id):
    """What is published of a document before its gloss."""
    return whole[:-1] + (b"" if whole.startswith(b'{"id":') else b',"id":' + compact(id)) + b',"gloss":{'


def published_head(token, id, more):
    head, text, _ = fields(token)
    return head_of(compact(head | more | {"text": text}), id)


def token_of(body):
    found = TOKEN.search(body)
    return found.group(1).decode() if found else None
