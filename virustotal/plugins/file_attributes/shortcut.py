"""Windows shortcuts: `lnk_info`."""

import re

from virustotal.core import Analyzer, Settings, hookimpl
from virustotal.core.readers import as_text
from virustotal.plugins.file_attributes import _cell_readers as read
from virustotal.plugins.file_attributes._attribute_table import FieldSpec, SectionSpec, analyzer, field_specs

_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.ASCII)


def mac(value: object) -> str:
    """Return a MAC address in lower case, empty for anything else."""
    plain = as_text(value).lower()
    return plain if _MAC.fullmatch(plain) else ""


LNK = SectionSpec("lnk_info", "Windows shortcut (LNK)").include(
    FieldSpec("target_path", "Target"),
    FieldSpec("local_path", tag="file.path"),
    *field_specs("relative_path", "working_directory"),
    FieldSpec("command_line_arguments", "Arguments", tag="file.shortcut.command_line"),
    FieldSpec("icon_location", "Icon", tag="file.shortcut.icon_location"),
    FieldSpec("network_share_name", "Network share"),
    FieldSpec("common_path"),
    FieldSpec("machine_id", "Machine", tag="file.shortcut.machine_id"),
    FieldSpec("mac_address", "MAC address", read.lower, "file.shortcut.tracker_mac", mac),
    FieldSpec("mac_vendor_name", "Network card vendor"),
    FieldSpec("volume_label", "Volume"),
    FieldSpec("volume_serial_number", tag="file.shortcut.drive_serial"),
    FieldSpec("creation_date", "Target created", read.date_or_text),
    FieldSpec("modification_date", "Target modified", read.date_or_text),
    FieldSpec("access_date", "Target accessed", read.date_or_text),
    FieldSpec("link_flags", "Flags", read.names),
    SectionSpec("header", "Header").include(
        FieldSpec("file_size", "Target size"),
        FieldSpec("hot_key", "Key"),
        FieldSpec("show_window_str", "Window"),
        FieldSpec("show_window", "Window (numeric)"),
    ),
    SectionSpec("link_target_id_list", "Link target ID list").include(
        FieldSpec("item_type_str", "Type"), FieldSpec("item_type", "Type (numeric)"), FieldSpec("clsid", "Class id")
    ),
    SectionSpec("extra_data", "Further data"),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of `lnk_info`."""
    return (analyzer("shortcut", 412, "Windows shortcuts: target, arguments, origin.", LNK),)
