"""Puts the playground into one page that loads nothing.

python3 docs/playground/bundle.py MODULE > index.html
"""

import base64
import gzip
import re
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "page"


def bundle(module):
    """Returns the page; a comment that names a file stands for it."""

    def content(name):
        if name == "playground.wasm.gz":
            return base64.b64encode(gzip.compress(module, mtime=0)).decode()
        return (PAGE / name).read_text(encoding="utf-8").strip()

    page = (PAGE / "index.html").read_text(encoding="utf-8")
    return re.sub(r"/\* ([\w.]+) \*/", lambda match: content(match[1]), page)


if __name__ == "__main__":
    sys.stdout.write(bundle(Path(sys.argv[1]).read_bytes()))
