"""What torch and keras share needs neither of them."""

import subprocess
import sys


def test_what_torch_and_keras_share_loads_neither():
    used = (
        "import sys; from upweight.training import RowDraws, delivered_share; d = RowDraws(9); d.order(d.propose(9), 9, 0); "
        "print(round(delivered_share([0.99, 0.01], [0.5 / 0.99, 50.0], batch_size=16)[1], 4), "
        "{'torch', 'keras', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", used], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["0.1297", "set()\n"]
