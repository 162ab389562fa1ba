"""Downloads one file, giving up after 20 silent seconds: URL FILE."""

import shutil
import sys
import urllib.request

url, path = sys.argv[1:]
with urllib.request.urlopen(url, timeout=20) as source, open(path, "wb") as sink:
    expected = int(source.headers.get("Content-Length", -1))
    shutil.copyfileobj(source, sink, 1 << 20)
    if expected >= 0 and sink.tell() != expected:
        sys.exit(f"only {sink.tell()} of {expected} bytes arrived: the network connection broke off")
