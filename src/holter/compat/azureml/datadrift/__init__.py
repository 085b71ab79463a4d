"""``azureml.datadrift``: is what arrives still what the model knows?"""

from holter.compat.azureml.datadrift.alert_configuration import AlertConfiguration
from holter.compat.azureml.datadrift.detector import DataDriftDetector
from holter.compat.azureml.datadrift.profile import DataDriftProfile

__all__ = ["AlertConfiguration", "DataDriftDetector", "DataDriftProfile"]
