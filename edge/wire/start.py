"""Starts a worker on an interpreter that need not be the daemon's: ``python start.py MODULE NAME FD PARENT``.

The worker's interpreter (Python 3.6 on a Nano) has its own numpy and gi, while the folder that holds ``edge`` may also
hold packages made for the daemon's Python. Putting that folder on ``sys.path`` would mix the two, so the package alone
is made importable, by its place.
"""

import importlib.util
import os
import runpy
import sys


def _make_importable() -> None:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # The script's own folder is first on the path; its module names are not meant to be top-level ones.
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
    spec = importlib.util.spec_from_file_location(
        "edge", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["edge"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _make_importable()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=False)
