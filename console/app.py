"""The pages put together: a WSGI app for one stage."""

from __future__ import annotations

from flask import Flask, redirect, render_template, url_for
from werkzeug import Response
from werkzeug.middleware.proxy_fix import ProxyFix

from console import access, faults, protection, showing, whom
from console.changes import Changes
from console.door import Door
from console.navigation import ENTRIES, PAGES
from console.settings import Settings
from console.stage import Stage


def create_app(settings: Settings) -> Flask:
    """The console of the stage in `settings.environment`."""
    app = Flask("console", template_folder="templates", static_folder="static")
    app.extensions.update(
        settings=settings,
        stage=Stage(settings.environment),
        door=Door(),
        changes=Changes(settings.folder / "changes.jsonl"),
    )
    app.before_request(access.identify)
    protection.protect(app, settings)
    showing.install(app)
    faults.install(app)
    app.register_blueprint(access.pages)
    for blueprint in PAGES:
        app.register_blueprint(blueprint)
    app.context_processor(lambda: {"entries": access.offered(ENTRIES), "token_of": whom.token_of})
    app.add_url_rule("/", "start", _start)
    if settings.behind_proxy:  # what it says of the sender's address counts, and of nothing else
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=0, x_host=0)  # type: ignore[method-assign]
    return app


def _start() -> Response | str:
    """The first page that who asks may see."""
    offered = access.offered(ENTRIES)
    return redirect(url_for(offered[0][0])) if offered else render_template("fault.html", title="Not for you", what="")
