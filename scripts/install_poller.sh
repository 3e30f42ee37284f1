#!/bin/sh
# Usage: scripts/install_poller.sh [-h] [--wheel FILE] [--settings FILE] [--set NAME=VALUE]... [--cron | --systemd]
#        scripts/install_poller.sh --uninstall
#
# Installs the poller on this machine (Debian, Ubuntu, RHEL and their kin) or brings it up to date. Run it as root.
# Everything that is missing is named before anything is done; what is as it should be is left alone, so run it again
# for a new wheel or a new setting. It ends with what `python -m poller.doctor` says. Needs nothing else of the checkout.
#
#   --wheel FILE      the poller's wheel (default: the one beside this script, else built from this script's checkout)
#   --settings FILE   lines NAME=value, such as scripts/stack_env.py prints (- is standard input); secrets go this way
#   --set NAME=VALUE  one setting; wins. What is installed already stays as it is unless it is given anew
#   --cron            each minute by cron (default, unless the timer is installed)
#   --systemd         each minute by a systemd timer; its log is the journal
#   --no-packages     install none of the system's packages, name those that are missing
#   --uninstall       remove all of it, credentials included, but not the results
#
# /opt/smart-classroom            the poller, in a virtual environment     /etc/smart-classroom/poller.env  its settings
# /var/lib/smart-classroom        home of its user, smart-classroom        /etc/cron.d/smart-classroom      or the timer
# /var/lib/smart-classroom/results  results, unless RESULTS_DIR is set     /var/log/smart-classroom.log     rotated
# /etc/sysctl.d/90-smart-classroom.conf  an earlier keepalive, and chrony if nothing keeps the time
#
#   PYTHON            the Python to use (default: the first that is 3.10 or newer)

set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
user=smart-classroom
venv=/opt/smart-classroom
home=/var/lib/smart-classroom
settings=/etc/smart-classroom/poller.env
cron=/etc/cron.d/smart-classroom
log=/var/log/smart-classroom.log
rotation=/etc/logrotate.d/smart-classroom
kernel=/etc/sysctl.d/90-smart-classroom.conf
unit=smart-classroom-poller
units=/etc/systemd/system

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { echo "install_poller: $*" >&2; }
refuse() {
    say "$*"
    exit 2
}
changes=0
did() {
    say "$*"
    changes=$((changes + 1))
}
missing=''
lack() { missing="$missing
  - $*"; }
fail_if_missing() {
    [ -z "$missing" ] || {
        say "missing:$missing"
        exit 1
    }
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python3.10}; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

can_make_environments() { python=$(find_python) && "$python" -c 'import ensurepip, venv' 2>/dev/null; }

# want APT-PACKAGES RPM-PACKAGES WHAT: note packages to install, or that what they bring is missing.
want() {
    case $packages in
    apt-get) wanted="$wanted $1" ;;
    dnf | yum) wanted="$wanted $2" ;;
    *) lack "$3 (Debian, Ubuntu: $1; RHEL: $2)" ;;
    esac
}

install_packages() {
    [ -n "$wanted" ] || return 0
    did "installing with $packages:$wanted"
    # shellcheck disable=SC2086  # each package is a word of its own
    case $packages in
    apt-get)
        apt-get update -qq >&2 || say "apt-get update failed; trying with the lists that are here"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >"$work/packages" 2>&1
        ;;
    *) "$packages" install -y -q $wanted >"$work/packages" 2>&1 ;;
    esac || {
        cat "$work/packages" >&2
        lack "the packages$wanted: $packages could not install them, see above"
    }
}

# The new environment file in $work, made and checked by the poller's own table of settings; problems become missing things.
settle_settings() {
    set --
    [ ! -r "$settings" ] || set -- --keep "$settings"
    [ -z "$given" ] || set -- "$@" --settings "$given"
    while IFS= read -r assignment; do
        set -- "$@" --set "$assignment"
    done <"$work/set"
    if PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=${wheel:-$checkout} "$python" -m poller.environment_file "$@" \
        >"$work/poller.env" 2>"$work/said"; then
        while IFS= read -r line; do say "$line"; done <"$work/said"
    else
        while IFS= read -r line; do lack "$line"; done <"$work/said"
    fi
}

# put FILE MODE GROUP: standard input becomes FILE, root's, all at once, unless it is so already.
put() {
    cat >"$work/new"
    if [ -f "$1" ] && [ "$(stat -c '%a %U %G' "$1")" = "$2 root $3" ] && [ "$(cat "$1")" = "$(cat "$work/new")" ]; then
        return
    fi
    mkdir -p "$(dirname "$1")"
    install -m "$2" -o root -g "$3" "$work/new" "$1.new"
    mv -f "$1.new" "$1"
    did "$1"
}

# remove FILE...: those that are there.
remove() {
    for file in "$@"; do
        [ -e "$file" ] || continue
        rm -rf "$file"
        did "removed $file"
    done
}

make_user() {
    if ! id "$user" >/dev/null 2>&1; then
        useradd --system --user-group --home-dir "$home" --shell /usr/sbin/nologin "$user"
        did "user $user"
    fi
    for folder in "$home" "$home/.aws"; do
        [ -d "$folder" ] || {
            install -d -m 700 -o "$user" -g "$user" "$folder"
            did "$folder"
        }
    done
}

sum_of_sources() { (cd "$checkout" && find pyproject.toml poller wire -name '*.py' -o -name '*.toml' | LC_ALL=C sort | xargs cat | cksum); }

install_program() {
    if [ -n "$wheel" ]; then sum=$(cksum <"$wheel"); else sum=$(sum_of_sources); fi
    if [ "$(cat "$venv/.installed" 2>/dev/null)" = "$sum" ] && "$venv/bin/python" -c 'import poller.tick' 2>/dev/null; then
        return
    fi
    did "$venv, with $("$python" --version)"
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then # none, or its Python is gone
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    if [ -n "$wheel" ]; then
        package=$wheel
    else # from a copy: building leaves a folder beside the sources
        mkdir "$work/checkout"
        (cd "$checkout" && cp -R pyproject.toml README.md poller wire "$work/checkout")
        package=$work/checkout
    fi
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
    export PIP_DISABLE_PIP_VERSION_CHECK PIP_ROOT_USER_ACTION
    "$venv/bin/python" -m pip install --quiet --upgrade "$package" >&2
    "$venv/bin/python" -m pip install --quiet --no-deps --force-reinstall "$package" >&2 # a new wheel of the same version
    echo "$sum" >"$venv/.installed"
}

make_results() {
    # shellcheck disable=SC1090  # written above
    results=$(. "$settings" && printf %s "$RESULTS_DIR")
    if [ ! -d "$results" ]; then
        mkdir -p "$(dirname "$results")"
        install -d -m 700 -o "$user" -g "$user" "$results"
        did "$results"
    elif [ "$(stat -c %U "$results")" = root ] && { [ -e "$results/.tick.lock" ] || [ -z "$(ls -A "$results")" ]; }; then
        chown -R "$user:$user" "$results" # an earlier installation's, kept when it was removed, or made for this one
        did "$results is $user's again"
    fi
    [ "$(stat -c %U "$results")" = "$user" ] ||
        say "$results belongs to $(stat -c %U "$results"): the poller may not be able to write there"
}

systemd_runs() { [ -d /run/systemd/system ]; }

# started WHAT UNIT...: whichever of the units is there runs now and after a boot.
started() {
    what=$1
    shift
    if ! systemd_runs; then
        say "systemd does not run here: see to it that $what runs"
        return
    fi
    for name in "$@"; do
        systemctl cat "$name" >/dev/null 2>&1 || continue
        systemctl is-active --quiet "$name" && systemctl is-enabled --quiet "$name" && return
        systemctl enable --quiet --now "$name"
        did "$name is started, now and at boot"
        return
    done
    say "no service of the name $*: see to it that $what runs"
}

run_by_cron() {
    remove_timer
    [ -f "$log" ] || {
        install -m 640 -o "$user" -g "$user" /dev/null "$log"
        did "$log"
    }
    put "$rotation" 644 root <<END
# Written by install_poller.sh. A tick that runs meanwhile writes on into the old file, hence delaycompress.
$log {
    weekly
    rotate 8
    missingok
    notifempty
    compress
    delaycompress
    create 0640 $user $user
}
END
    put "$cron" 644 root <<END
# Written by install_poller.sh. One tick at a time works: the others see its lock and end at once.
* * * * * $user . $settings && exec $venv/bin/python -m poller.tick 2>>$log
END
    started cron cron crond
}

run_by_systemd() {
    remove "$cron" "$rotation"
    put "$units/$unit.service" 644 root <<END
# Written by install_poller.sh.
[Unit]
Description=One tick of Smart Classroom's poller
Documentation=man:systemd.timer(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User=$user
ExecStart=/bin/sh -c '. $settings && exec $venv/bin/python -m poller.tick'
# Messages failed and come back by themselves: nothing that systemd should call a failure.
SuccessExitStatus=1
# It ends within eighteen seconds of a signal.
TimeoutStopSec=20
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
END
    put "$units/$unit.timer" 644 root <<END
# Written by install_poller.sh. While a tick runs, the timer does not start another.
[Unit]
Description=Smart Classroom's poller, each minute

[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target
END
    if systemd_runs; then
        systemctl daemon-reload
        started "the timer" "$unit.timer"
    else
        systemctl --quiet enable "$unit.timer" # a link: it starts with the next boot
    fi
}

remove_timer() {
    [ -e "$units/$unit.timer" ] || return 0
    ! systemd_runs || systemctl --quiet stop "$unit.timer"
    systemctl --quiet disable "$unit.timer" 2>/dev/null || true
    remove "$units/$unit.timer" "$units/$unit.service" "$units/timers.target.wants/$unit.timer"
    ! systemd_runs || systemctl daemon-reload
}

probe_early() {
    put "$kernel" 644 root <<END
# Written by install_poller.sh: the connection that waits for the function is idle for longer than a NAT remembers (350 s).
net.ipv4.tcp_keepalive_time = 60
END
    [ "$(cat /proc/sys/net/ipv4/tcp_keepalive_time 2>/dev/null)" != 60 ] || return 0
    (echo 60 >/proc/sys/net/ipv4/tcp_keepalive_time) 2>/dev/null ||
        say "this kernel's keepalive cannot be set from here (a container?): set net.ipv4.tcp_keepalive_time=60 on its host"
}

keep_time() {
    if command -v chronyd >/dev/null; then
        started "the clock's chrony" chrony chronyd
    elif ! command -v ntpd >/dev/null; then
        say "nothing keeps this machine's clock: install chrony; AWS refuses everything when it is 5 min off"
    fi
}

examine() {
    if ! command -v runuser >/dev/null; then
        say "now run as $user: . $settings && $venv/bin/python -m poller.doctor"
        return
    fi
    say "python -m poller.doctor, as $user:"
    # shellcheck disable=SC2016  # the inner shell expands it
    env -i PATH="$PATH" HOME="$home" runuser -u "$user" -- sh -c '. "$1" && exec "$2" -m poller.doctor' sh \
        "$settings" "$venv/bin/python" || say "do what it says; docs/credentials.md tells how to give this machine its credentials"
}

# A tick that runs hands back what it has and ends, within eighteen seconds.
end_ticks() {
    id "$user" >/dev/null 2>&1 || return 0
    for _ in $(seq 30); do
        ticks=$(find /proc -maxdepth 1 -user "$user" -name '[0-9]*' 2>/dev/null | sed 's,/proc/,,')
        [ -n "$ticks" ] || return 0
        # shellcheck disable=SC2086  # each is a word of its own
        kill $ticks 2>/dev/null || true
        sleep 1
    done
    say "processes of $user do not end: $ticks"
    exit 1
}

uninstall() {
    results=$home/results
    # shellcheck disable=SC1090  # this script's own
    [ ! -f "$settings" ] || results=$(. "$settings" && printf %s "$RESULTS_DIR")
    remove_timer
    remove "$cron"
    end_ticks
    if [ -d "$results" ] && [ "$(stat -c %U "$results")" = "$user" ]; then
        chown -R root:root "$results" # else whoever gets the user's number next may read them
        did "$results is root's"
    fi
    for file in "$log".*; do remove "$file"; done
    remove "$rotation" "$log" "$kernel" "$venv" "$(dirname "$settings")" "$home/.aws"
    if id "$user" >/dev/null 2>&1; then
        userdel "$user"
        did "removed the user $user"
    fi
    [ ! -d "$home" ] || rmdir "$home" 2>/dev/null || chown root:root "$home"
    [ "$changes" -gt 0 ] || say "nothing is installed"
    [ ! -d "$results" ] || say "the results are kept in $results; nothing else is"
}

wheel='' given='' way='' packages=any action=install
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
: >"$work/set"
while [ $# -gt 0 ]; do
    case $1 in
    --wheel | --settings | --set) [ $# -gt 1 ] || refuse "$1 needs a value" ;;
    esac
    case $1 in
    -h | --help) usage; exit 0 ;;
    --wheel) wheel=$2; shift ;;
    --settings) given=$2; shift ;;
    --set) printf '%s\n' "$2" >>"$work/set"; shift ;;
    --cron | --systemd)
        [ -z "$way" ] || [ "$way" = "${1#--}" ] || refuse "choose one of --cron and --systemd"
        way=${1#--} ;;
    --no-packages) packages=none ;;
    --uninstall) action=uninstall ;;
    *) refuse "unknown option $1; install_poller.sh -h explains them" ;;
    esac
    shift
done

# What is missing, all of it at once.
[ "$(uname)" = Linux ] || lack "Linux: on macOS put the entry into your own crontab, docs/poller.md"
[ "$(id -u)" = 0 ] || lack "root: run it with sudo"
if [ "$action" = uninstall ]; then
    fail_if_missing
    uninstall
    exit 0
fi
checkout=$(cd "$here/.." && pwd) complete=yes
if [ -z "$wheel" ]; then
    for candidate in "$here"/smart_classroom_poller-*.whl; do [ ! -f "$candidate" ] || wheel=$candidate; done
fi
if [ -n "$wheel" ]; then
    if [ -r "$wheel" ]; then wheel=$(cd "$(dirname "$wheel")" && pwd)/$(basename "$wheel"); else lack "the wheel $wheel" && complete=no; fi
elif [ ! -f "$checkout/poller/tick.py" ]; then
    lack "the poller's wheel beside this script, or --wheel FILE: \`python -m build --wheel\` in a checkout makes one"
    complete=no
fi
if [ "$given" = - ]; then
    given=$work/given
    cat >"$given"
elif [ -n "$given" ]; then
    if [ -r "$given" ]; then
        given=$(cd "$(dirname "$given")" && pwd)/$(basename "$given")
    else
        lack "the settings file $given"
        complete=no
    fi
fi
if [ "$packages" = any ]; then
    packages=none
    for candidate in yum dnf apt-get; do ! command -v "$candidate" >/dev/null || packages=$candidate; done
fi
[ -n "$way" ] || if [ -e "$units/$unit.timer" ]; then way=systemd; else way=cron; fi
wanted=''
can_make_environments || want "python3 python3-venv" python3.12 "Python 3.10 or newer with venv"
if [ "$way" = systemd ]; then
    command -v systemctl >/dev/null || lack "systemd: without it cron does, leave --systemd out"
else
    command -v cron >/dev/null || command -v crond >/dev/null || want cron cronie cron
    command -v logrotate >/dev/null || want logrotate logrotate logrotate
fi
command -v useradd >/dev/null || want passwd shadow-utils useradd
[ "$packages" = none ] || command -v chronyd >/dev/null || command -v ntpd >/dev/null || want chrony chrony chrony
cd /
checked=no
if [ $complete = yes ] && python=$(find_python); then
    settle_settings
    checked=yes
fi
fail_if_missing
install_packages
can_make_environments || lack "Python 3.10 or newer with venv: this system's own packages do not bring it; install one and set PYTHON"
fail_if_missing
[ $checked = yes ] || settle_settings
fail_if_missing

make_user
install_program
# Root's, the poller may only read it: whoever writes RESULTS_DIR there chooses a directory that root gives away.
put "$settings" 640 "$user" <"$work/poller.env"
make_results
"run_by_$way"
probe_early
keep_time
if [ "$changes" = 0 ]; then say "all is as it should be, nothing was changed"; else say "installed"; fi
examine
