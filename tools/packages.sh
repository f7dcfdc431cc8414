# shellcheck shell=bash
# Which packages the two commands need, by distribution, and how to install what is missing.
# Sourced by run.sh and test.sh. Debian 12 is the one that is tested; the others are written from
# their package lists.
#
#   packages_install KIND...    install what is missing of these kinds; says what it installs.
#                               0 = all there, 1 = something could not be had (said on stderr)
#
# Kinds: build (compile and run), test (the test command), servers (real notification servers),
# peers (what only `test.sh --peers` needs).

packages_distribution() {
        local id=
        if [ -r /etc/os-release ]; then
                # shellcheck disable=SC1091
                id=$(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}")
        fi
        case " $id " in
        *" debian "* | *" ubuntu "*) echo debian ;;
        *" fedora "* | *" rhel "*) echo fedora ;;
        *" arch "*) echo arch ;;
        *) echo unknown ;;
        esac
}

packages_names() { # DISTRIBUTION KIND
        case "$1-$2" in
        debian-build)
                echo gcc libc6-dev pkg-config meson ninja-build libsystemd-dev libsqlite3-dev \
                        libnotify-dev libinih-dev libseccomp-dev dbus
                ;;
        debian-test)
                # The sanitizers' runtime is a package of its own since clang 14.
                echo clang libclang-rt-14-dev llvm clang-format-14 shellcheck binutils git python3 \
                        dbus-daemon python3-dbus python3-gi python3-dbusmock desktop-file-utils \
                        man-db tmux zsh fish procps psmisc util-linux e2fsprogs locales
                ;;
        debian-servers)
                # makoctl is a script of busctl (systemd) and jq.
                echo dunst xfce4-notifyd mako-notifier sway grim xvfb xdotool x11-utils imagemagick \
                        openbox libglib2.0-bin systemd jq
                ;;
        debian-peers)
                # gnome-shell's half that takes the bus name is a script of gjs.
                echo dbus-user-session strace lxqt-notificationd notification-daemon \
                        mate-notification-daemon sway-notification-center gnome-shell gjs \
                        plasma-workspace xfconf dconf-gsettings-backend librsvg2-common libqt5svg5 \
                        python3-gi python3-dbusmock fonts-dejavu-core fonts-noto-cjk
                ;;
        fedora-build)
                echo gcc pkgconf-pkg-config meson ninja-build systemd-devel sqlite-devel \
                        libnotify-devel inih-devel libseccomp-devel dbus-daemon
                ;;
        fedora-test)
                echo clang compiler-rt llvm clang-tools-extra ShellCheck binutils git python3 \
                        python3-dbus python3-gobject python3-dbusmock desktop-file-utils man-db tmux \
                        zsh fish procps-ng psmisc util-linux e2fsprogs glibc-locale-source
                ;;
        fedora-servers)
                echo dunst xfce4-notifyd mako sway grim xorg-x11-server-Xvfb xdotool xorg-x11-utils \
                        ImageMagick openbox glib2 jq
                ;;
        fedora-peers) echo systemd strace lxqt-notificationd ;;
        arch-build) echo gcc pkgconf meson ninja systemd-libs sqlite libnotify libinih libseccomp dbus ;;
        arch-test)
                echo clang compiler-rt llvm shellcheck binutils git python python-dbus \
                        python-gobject python-dbusmock desktop-file-utils man-db tmux zsh fish \
                        procps-ng psmisc util-linux e2fsprogs
                ;;
        arch-servers)
                echo dunst xfce4-notifyd mako sway grim xorg-server-xvfb xdotool xorg-xwininfo \
                        imagemagick openbox glib2 jq
                ;;
        arch-peers) echo systemd strace lxqt-notificationd ;;
        esac
}

packages_has() { # DISTRIBUTION PACKAGE
        case "$1" in
        debian)
                [ "$(dpkg-query -W -f '${db:Status-Status}' "$2" 2>/dev/null)" = installed ]
                ;;
        fedora) rpm -q --whatprovides "$2" >/dev/null 2>&1 ;;
        arch) pacman -Q "$2" >/dev/null 2>&1 ;;
        esac
}

packages_as_root() {
        if [ "$(id -u)" = 0 ]; then
                "$@"
        elif [ -t 0 ]; then
                sudo "$@"
        else
                sudo -n "$@"
        fi
}

# One manager call for the lot; when that fails, one by one, so that a package this release does not
# have costs only itself.
packages_add() { # DISTRIBUTION PACKAGE...
        local distribution=$1 log=$PACKAGES_LOG package
        local -a add
        shift
        case "$distribution" in
        debian)
                # A tree that was just unpacked has no lists at all; lists that are there may be old.
                packages_as_root apt-get update -qq >>"$log" 2>&1 || true
                add=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq
                        --no-install-recommends -o DPkg::Lock::Timeout=300)
                ;;
        fedora) add=(dnf install -y -q) ;;
        arch) add=(pacman -Sy --noconfirm --needed) ;;
        esac
        packages_as_root "${add[@]}" "$@" >>"$log" 2>&1 && return 0
        for package in "$@"; do
                packages_as_root "${add[@]}" "$package" >>"$log" 2>&1 || true
        done
}

packages_install() {
        local distribution kind package
        local -a missing=() still=()
        distribution=$(packages_distribution)
        if [ "$distribution" = unknown ]; then
                echo "This distribution is not known to this script: the packages of README.md must be there already." >&2
                return 1
        fi
        for kind in "$@"; do
                for package in $(packages_names "$distribution" "$kind"); do
                        packages_has "$distribution" "$package" || missing+=("$package")
                done
        done
        [ ${#missing[@]} -gt 0 ] || return 0

        if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
                echo "These packages are missing, and installing them needs root or sudo: ${missing[*]}" >&2
                return 1
        fi
        PACKAGES_LOG=$(mktemp)
        echo "Installing ${missing[*]}"
        packages_add "$distribution" "${missing[@]}" </dev/null
        for package in "${missing[@]}"; do
                packages_has "$distribution" "$package" || still+=("$package")
        done
        if [ ${#still[@]} -gt 0 ]; then
                echo "Could not install: ${still[*]}" >&2
                grep -E '^(E|Error|error):' "$PACKAGES_LOG" | sort -u | head -5 >&2 || true
        fi
        rm -f "$PACKAGES_LOG"
        [ ${#still[@]} -eq 0 ]
}
