"""Unpacks lib/ and include/ of a torch wheel or libtorch archive, or one library of another wheel into lib/.

Every CRC is checked. Arguments: ARCHIVE FOLDER [LIBRARY].
"""

import pathlib
import shutil
import sys
import zipfile

archive, folder, *library = sys.argv[1:]


def place(name):
    """Where in the folder a file of the archive goes; None leaves it out."""
    top, _, path = name.partition("/")
    if library:
        return f"lib/{library[0]}" if name.rpartition("/")[2] == library[0] else None
    wanted = top in ("torch", "libtorch") and path.startswith(("lib/", "include/")) and ".." not in path
    return path if wanted else None


found = False
with zipfile.ZipFile(archive) as bundle:
    for entry in bundle.infolist():
        path = place(entry.filename)
        if path is None or entry.is_dir():
            continue
        found = True
        target = pathlib.Path(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with bundle.open(entry) as source, open(target, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
if not found:
    sys.exit(f"{archive} holds nothing of what is wanted")
