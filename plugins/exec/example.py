#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A layer of hashtags, for glossd's plugin exec: a document a line in, its layer a line out."""
import json
import re
import sys

for line in sys.stdin:
    document = json.loads(line)
    layer = [{"start": m.start(), "end": m.end(), "label": m[1].lower()}
             for m in re.finditer(r"#(\w+)", document["text"])]
    print(json.dumps({"n": document["n"], "layer": layer}), flush=True)
