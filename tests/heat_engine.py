"""Heat's own engine on a template, without a cloud: `python heat_engine.py TEMPLATE ENVIRONMENT` prints the user-data.

For the Python that scripts/validate_heat.sh makes. What only a cloud can tell is believed: whether a service is there,
and whether an image, a flavour, a key pair or a network of that name exists. All else is Heat's judgement.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from heat.common import context, template_format  # noqa: E402
from heat.engine import constraints, environment, function, resource, resources, stack, template, translation  # noqa: E402
from oslo_config import cfg  # noqa: E402

ASKS_A_CLOUD = ("glance.", "nova.", "neutron.", "cinder.")


class Believed(constraints.BaseCustomConstraint):  # type: ignore[misc]
    """Whatever the cloud would be asked about is there."""

    def validate(self, *_: object) -> bool:
        return True


def believe_the_cloud() -> None:
    """Answer for the cloud."""
    known = environment.Environment.get_constraint
    environment.Environment.get_constraint = lambda self, name: (
        Believed if name.startswith(ASKS_A_CLOUD) else known(self, name)
    )
    resource.Resource._validate_service_availability = classmethod(lambda *_, **__: None)
    translation.Translation.set_rules = lambda *_, **__: None  # they look names up


def main(file: Path, parameters: Path) -> None:
    """Validate the stack and print its server's user-data. Heat's exceptions say what is wrong."""
    cfg.CONF([], project="heat", default_config_files=[])
    resources.initialise()
    believe_the_cloud()
    source = template_format.parse(file.read_text())
    files = {"user-data.yaml": (file.parent / "user-data.yaml").read_text()}
    told = environment.Environment(json.loads(parameters.read_text()))
    made = stack.Stack(context.RequestContext(), "vm", template.Template(source, env=told, files=files))
    made.validate(validate_res_tmpl_only=True)
    sys.stdout.write(function.resolve(made.t.parse(made, source["resources"]["server"]["properties"]["user_data"])))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
