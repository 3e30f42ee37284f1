"""The scripts' Python modules are programs beside each other, not a package: put their folder on the path."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
sys.path.insert(0, str(SCRIPTS))
