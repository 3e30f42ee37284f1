#!/bin/sh
# Usage: scripts/validate_heat.sh [-h]
#
# Has Heat's own engine validate openstack/poller-vm.yaml and fill in its user-data, without a cloud. The first time it
# installs Heat, with a hundred packages, into an environment of its own: .localcloud/heat-venv, 360 MB, a minute or two.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
'') ;;
*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

"$root/scripts/setup.sh"
cd "$root"
heat=.localcloud/heat-venv version=27.0.1
if [ ! -e "$heat/complete-$version" ]; then
    echo "validate_heat: installing Heat $version (once)" >&2
    rm -rf "$heat"
    .venv/bin/python -m venv "$heat"
    "$heat/bin/python" -m pip install --quiet --disable-pip-version-check "openstack-heat==$version" >&2
    touch "$heat/complete-$version"
fi
HEAT_PYTHON=$root/$heat/bin/python exec .venv/bin/python -m pytest --no-cov tests/deploy/test_openstack.py
