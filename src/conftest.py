"""Doctests meet each module once.

Where a room has imported a module before pytest looks for doctests in it, pytest would import it a
second time, and a class of the one would be none of the other's. So all rooms are imported first.
"""

import importlib
import pkgutil

import bertgpt

for room in pkgutil.iter_modules(bertgpt.__path__, "bertgpt."):
    importlib.import_module(room.name)
