# ruff: noqa: E501  (programs as they are)
"""Programs in the style of those that people have: score scripts, deploy scripts, notebooks; our own texts."""

import json

_IMPORTS = "from azureml.core import Workspace\nfrom azureml.core.model import InferenceConfig, Model\n"

SCRIPTS = {
    "score_plain.py": "import json\nfrom azureml.core.model import Model\n\ndef init():\n    global m\n"
    "    m = Model.get_model_path('churn')\n\ndef run(data):\n    return json.loads(data)\n",
    "score_telemetry.py": "from applicationinsights import TelemetryClient\n\nclient = None\n\n"
    "def run(data):\n    client.track_metric('rows', 1, type='x')\n    client.track_nothing()\n    client.flush()\n\n"
    "def init():\n    global client\n    client = TelemetryClient('key')\n",
    "score_collector.py": "import azureml.ai.monitoring\nfrom azureml.ai.monitoring import Collector\n\n"
    "inputs = Collector(name='model_inputs', on_error=print)\ninputs.collect(None)\n",
    "score_raw.py": "from azureml.contrib.services.aml_request import AMLRequest, rawhttp\n"
    "from azureml.contrib.services.aml_response import AMLResponse\n\n@rawhttp\ndef run(request):\n"
    "    return AMLResponse('no', 400)\n",
    "score_class.py": "import applicationinsights as ai\n\nclass Scorer:\n    def __init__(self):\n"
    "        self.client = ai.TelemetryClient('key')\n\n    def run(self, data):\n"
    "        self.client.track_event('x', nothing=1)\n",
    "score_collector_v1.py": "from azureml.monitoring import ModelDataCollector\n\ninputs = ModelDataCollector('churn')\n",
    "deploy_aci.py": _IMPORTS + "from azureml.core.webservice import AciWebservice\n\nws = Workspace.from_config()\n"
    "config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, dns_name_label='a', ssl_enabled=False)\n"
    "inference = InferenceConfig(entry_script='score.py', runtime='python')\n"
    "service = Model.deploy(ws, 'churn-api', [Model(ws, 'churn')], inference, config, overwrite=True)\n"
    "service.wait_for_deployment(show_output=True)\nprint(service.state, service.scoring_uri)\n",
    "deploy_alias.py": "import azureml.core as aml\nfrom azureml.core.webservice import AksWebservice as Aks\n\n"
    "ws = aml.Workspace.get('shop', subscription_id='s')\nconfig = Aks.deploy_configuration(num_replicas=2, gpu_cores=1)\n"
    "config = Aks.deploy_configuration(num_replica=2)\nAks.create_version(version_name='b')\n",
    "deploy_dotted.py": "import os, azureml.core\nimport azureml.core.model  # for Model\n\n"
    "ws = azureml.core.Workspace.from_config(path='.')\nprint(azureml.core.VERSION)\n"
    "model = azureml.core.model.Model(ws, 'churn')\n",
    "deploy_star.py": "from azureml.core import *\n\nws = Workspace.from_config()\nexperiment = Experiment(ws, 'train')\n"
    "experiment.submit(ScriptRunConfig(source_directory='.'))\n",
    "package/relative.py": "from . import azureml\nfrom .azureml.core import Workspace\nfrom ..applicationinsights import x\n\n"
    "Workspace.from_nowhere()\n",
    "strings.py": '"""\nfrom azureml.core import Experiment\n"""\nTEXT = "import azureml.train"\n'
    "# from azureml.pipeline.core import Pipeline\nprint(f'import azureml.widgets {TEXT}')\n",
    "broken.py": "from azureml.core import Workspace\nprint 'python 2'\n",
    "empty.py": "",
    "unrelated.py": "import numpy as np\nprint 'not our matter'\n",
    "train_automl.py": "from azureml.core.experiment import Experiment\nfrom azureml.train.automl import AutoMLConfig\n"
    "from azureml.widgets import RunDetails\n\nrun = Experiment(ws, 'x').submit(AutoMLConfig(task='classification'))\n"
    "RunDetails(run).show()\n",
    "pipeline.py": "from azureml.pipeline.core import Pipeline\nfrom azureml.pipeline.steps import PythonScriptStep\n"
    "from azureml.core.compute import ComputeTarget, AmlCompute\nfrom azureml.core.runconfig import RunConfiguration\n",
    "alerts.py": "from azureml.core.webservice import Webservice\n\nservice = Webservice(ws, 'churn-api')\n"
    "service.update(alert_rules=[], location='west')\nservice.get_token()\nprimary, secondary = service.get_keys()\n"
    "service.settings.enabled\nservice.note = 1\n",
    "datasets.py": "from azureml.core import Dataset, Workspace\n\nws: Workspace = connect()\n"
    "data = Dataset.Tabular.from_delimited_files('x.csv', separator=';').take(10, offset=5)\n"
    "old = Dataset.get_by_name(ws, 'x').to_pandas_dataframe()\nDataset.File.from_files('x')\n"
    "store = ws.get_default_datastore()\nstore.upload(src_dir='x')\n"
    "for service in [each for each in ws.webservices]:\n    print(service)\nws.webservices['a'].delete()\n",
    "environment.py": "from azureml.core import Environment\nfrom azureml.core.conda_dependencies import CondaDependencies\n\n"
    "env = Environment(name='x')\nenv.docker.enabled = True\nenv.python.conda_dependencies.add_pip_package('numpy')\n"
    "env.python.conda_dependencies = CondaDependencies.create(pip_packages=['a'], python_version='3.8')\n"
    "Environment.from_existing_conda_environment('a', 'b')\n",
    "typed.py": "from __future__ import annotations\nfrom azureml.core import Workspace\n\n"
    "async def show(ws: Workspace, *rest: int, other: 'Workspace | None' = None, **more):\n"
    "    print(ws.experiments, other.images, rest, more)\n    async with ws as w:\n        await w\n"
    "    async for model in w.models:\n        pass\n    return lambda Workspace: Workspace.experiments\n",
    "dynamic.py": "import importlib\n\nmodel = importlib.import_module('azureml.core.model')\n"
    "auto = __import__('azureml.train.automl')\n",
    "shadowed.py": "from azureml.core import Workspace\n\nclass Workspace:\n    pass\n\nWorkspace.from_nothing(1)\n"
    "a, b = Workspace, 1\n(a, b), c = pair, 2\nif (ws := Workspace()):\n    ws.nothing()\n",
    "tried.py": "try:\n    from applicationinsights import TelemetryClient\nexcept ImportError:\n    TelemetryClient = None\n"
    "if True: import applicationinsights; x = 1\nTelemetryClient('k')\nTelemetryClient('k', *[], **{})\n"
    "TelemetryClient('k', None, 3)\n{k: v for k, v in {}.items()}\n",
    "continued.py": "from \\\n    azureml.core \\\n    import (\n        Workspace,  # ours\n        Model as M,\n    )\n"
    "from azureml  .  core import Dataset\n",
    "flask_app.py": "from applicationinsights.flask.ext import AppInsights\nfrom applicationinsights.requests import WSGIApplication\n"
    "from applicationinsights.logging import enable\n\nappinsights = AppInsights(app)\nenable('key', async_=True)\n",
    "migrated.py": "import holter\nimport holter.compat.azureml.core\nfrom holter.compat.azureml.core import Workspace\n"
    "from holter.compat import applicationinsights\n\nholter.open('x')\nholter.compat.azureml.core.Workspace.from_config()\n"
    "Workspace.from_config().experiments\napplicationinsights.TelemetryClient('k')\n",
}
LATIN = "# -*- coding: latin-1 -*-\nNAME = 'Käse'; from azureml.core import Workspace  # größer\r\n".encode("latin-1")
WRONG_BYTES = b"NAME = 'K\xe4se'\nfrom azureml.core import Workspace\n"
BOM = b"\xef\xbb\xbffrom azureml.core import Workspace\n"


def notebook(*cells, **more):
    """Return a notebook as Jupyter writes it."""
    made = [
        {"cell_type": kind, "execution_count": None, "metadata": {}, "outputs": [], "source": text}
        for kind, text in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}, indent=1)


MAGICS = notebook(
    ("markdown", ["from azureml.core import Experiment"]),
    (
        "code",
        [
            "%matplotlib inline\n",
            "!pip install azureml-core\n",
            "files = !ls\n",
            "Workspace?\n",
            "import azureml.core\n",
        ],
    ),
    ("code", ["%%time\n", 'ws = azureml.core.Workspace.from_config()  # "é"\n', "ws.experiments"]),
    ("code", ["%%writefile score.py\n", "from azureml.core.model import Model as ws\n", "ws.package()\n"]),
    ("code", ["%%bash\n", "python -c 'import azureml.train'\n"]),
    ("code", "ws.images\nfrom azureml.core import Dataset"),
    ("code", []),
)


def write(folder):
    """Write all of them to a folder."""
    for name, text in SCRIPTS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    for name, data in {"latin.py": LATIN, "wrong_bytes.py": WRONG_BYTES, "bom.py": BOM}.items():
        (folder / name).write_bytes(data)
    (folder / "notebook.ipynb").write_text(MAGICS)
    (folder / "no_notebook.ipynb").write_text('{"worksheets": "azureml"}')
    hidden = folder / ".venv" / "lib"
    hidden.mkdir(parents=True)
    (hidden / "x.py").write_text("from azureml.core import Experiment\n")
