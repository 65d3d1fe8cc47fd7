"""One thread of torch for each test process: the processes share the cores already."""

import torch

torch.set_num_threads(1)
