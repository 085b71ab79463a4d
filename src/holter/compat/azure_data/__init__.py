"""What Azure's collectors have stored, into the records and labels of a deployment."""

from holter.compat.azure_data.importing import Imported, import_azure_data

__all__ = ["Imported", "import_azure_data"]
