"""Windows shortcuts: `lnk_info`."""

import re

from virustotal.core import Analyzer, hookimpl
from virustotal.core.settings import Settings
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import Field, Part, analyzer
from virustotal.util.readers import text

_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.ASCII)


def mac(value: object) -> str:
    """Return a MAC address in lower case, empty for anything else."""
    plain = text(value).lower()
    return plain if _MAC.fullmatch(plain) else ""


LNK = Part(
    "lnk_info",
    "Windows shortcut (LNK)",
    (
        Field("target_path", "Target"),
        Field("local_path", "Local path", tag="file.path"),
        Field("relative_path", "Relative path"),
        Field("working_directory", "Working directory"),
        Field("command_line_arguments", "Arguments", tag="file.shortcut.command_line"),
        Field("icon_location", "Icon", tag="file.shortcut.icon_location"),
        Field("network_share_name", "Network share"),
        Field("common_path", "Common path"),
        Field("machine_id", "Machine", tag="file.shortcut.machine_id"),
        Field("mac_address", "MAC address", read.lower, "file.shortcut.tracker_mac", mac),
        Field("mac_vendor_name", "Vendor of the network card"),
        Field("volume_label", "Volume"),
        Field("volume_serial_number", "Serial number of the volume", tag="file.shortcut.drive_serial"),
        Field("creation_date", "Target created", read.when),
        Field("modification_date", "Target modified", read.when),
        Field("access_date", "Target read", read.when),
        Field("link_flags", "Flags", read.names),
    ),
    parts=(
        Part(
            "header",
            "Header",
            (
                Field("file_size", "Size of the target"),
                Field("hot_key", "Key"),
                Field("show_window_str", "Window"),
                Field("show_window", "Window as number"),
            ),
        ),
        Part(
            "link_target_id_list",
            "Target by identifiers",
            (Field("item_type_str", "Type"), Field("item_type", "Type as number"), Field("clsid", "Class id")),
            collapse=True,
        ),
        Part("extra_data", "Further data", collapse=True),
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `lnk_info`."""
    return (analyzer("shortcut", 412, "Windows shortcuts: target, arguments, where it was made.", LNK),)
