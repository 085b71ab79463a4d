"""A monitor of Azure ML (v2), written as YAML, as a monitor of Holter."""

from holter.compat.azure_monitor.making import Made, import_azure_monitor

__all__ = ["Made", "import_azure_monitor"]
