"""Unpacks lib/ and include/ of a torch wheel or libtorch archive (every CRC checked): ARCHIVE FOLDER."""

import pathlib
import shutil
import sys
import zipfile

archive, folder = sys.argv[1:]
with zipfile.ZipFile(archive) as bundle:
    for entry in bundle.infolist():
        top, _, path = entry.filename.partition("/")
        wanted = top in ("torch", "libtorch") and path.startswith(("lib/", "include/")) and ".." not in path
        if not wanted or entry.is_dir():
            continue
        target = pathlib.Path(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with bundle.open(entry) as source, open(target, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
