"""The names of the Azure ML SDK v1 (azureml-core 1.61, azureml-datadrift 1.62), on a workspace of Holter's."""
