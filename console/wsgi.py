"""`app`: the console of the stage in the environment, for `serverless wsgi serve` and whatever else serves WSGI."""

from __future__ import annotations

import os

from console.app import create_app
from console.settings import read_settings

app = create_app(read_settings(os.environ))
