#!/usr/bin/env bash
# arm64_sysroot.sh FOLDER: unpacks the arm64 libraries of tools/packages-arm64.txt into FOLDER, once. apt keeps its lists
# of arm64 packages in there too, so that this needs no root and the system learns of no second architecture.
set -euo pipefail
packages=$(readlink -f "$(dirname "$0")")/packages-arm64.txt
folder=$1
cmp -s "$packages" "$folder/packages.txt" && exit

printf '\n== fetching arm64 libraries into %s\n' "$folder" >&2
rm -rf "$folder"
mkdir -p "$folder"/apt/lists/partial "$folder"/apt/cache/archives/partial
cd "$folder"
touch apt/status
apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
     -o Dir::State="$PWD/apt" -o Dir::State::status="$PWD/apt/status" -o Dir::Cache="$PWD/apt/cache")
"${apt[@]}" update
mapfile -t names < <(sed -n 's/^\([^#]*\):arm64.*/\1/p' "$packages")
(cd apt && "${apt[@]}" download "${names[@]}")
for file in apt/*.deb; do dpkg-deb --extract "$file" .; done
rm -r apt
# Last, since it says that all of the above was done.
cp "$packages" packages.txt
