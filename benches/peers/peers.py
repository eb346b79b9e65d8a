"""PyTorch and ONNX Runtime as peers: `python -c SCRIPT torch|onnxruntime THREADS`.

Reads one request a line from standard input and answers each with one line on standard output:

    (at start)                              ready VERSION | missing MODULE
    open NETWORK KIND BATCH PARAMETERS      ways NAME...
    run WAY SECONDS                         ms MEDIAN
    (whatever fails)                        error TEXT

Between two requests the process waits for input.
"""

import importlib
import io
import logging
import sys
import time
import warnings

CLASSES = 10

# Libraries print, too: only `answer` writes to the pipe that the requests' sender reads.
ANSWERS = sys.stdout
sys.stdout = sys.stderr


def answer(*words):
    print(*words, file=ANSWERS, flush=True)


def model_of(name):
    """The network of a workload, and the shape of one image."""
    from torch import nn

    class BasicBlock(nn.Module):
        def __init__(self, channels, filters, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(filters)
            self.relu1 = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(filters)
            self.relu2 = nn.ReLU(inplace=True)
            self.downsample = nn.Identity()
            if stride != 1:
                projection = nn.Conv2d(channels, filters, 1, stride, bias=False)
                self.downsample = nn.Sequential(projection, nn.BatchNorm2d(filters))

        def forward(self, x):
            y = self.relu1(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            y += self.downsample(x)
            return self.relu2(y)

    def lenet5():
        return [
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(),
            nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, CLASSES),
        ]  # fmt: skip

    def vggsmall():
        layers, channels = [], 3
        for filters in (64, 128, 256):
            for _ in range(2):
                layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
                channels = filters
            layers += [nn.MaxPool2d(2)]
        dense = [nn.Linear(4096, 256), nn.ReLU(inplace=True), nn.Linear(256, CLASSES)]
        return layers + [nn.Flatten()] + dense

    def resnet20():
        layers = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)]
        layers += [nn.ReLU(inplace=True)]
        channels = 16
        for filters in (16, 32, 64):
            for nth in range(3):
                stride = 2 if nth == 0 and filters != 16 else 1
                layers += [BasicBlock(channels, filters, stride)]
                channels = filters
        return layers + [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES)]

    def conv3x3():
        return [nn.Conv2d(64, 64, 3, padding=1, bias=False)]

    networks = {
        "lenet5": (lenet5, (1, 28, 28)),
        "vggsmall": (vggsmall, (3, 32, 32)),
        "resnet20": (resnet20, (3, 32, 32)),
        "conv3x3": (conv3x3, (64, 56, 56)),
    }
    layers, image = networks[name]
    return nn.Sequential(*layers()), image


def check_size(network, expected):
    """Raises unless the network has as many learned numbers as it should."""
    parameters = sum(p.numel() for p in model_of(network)[0].parameters())
    if parameters != expected:
        raise ValueError(f"{network} has {parameters} parameters instead of {expected}")


def torch_step(torch, network, kind, batch, layout):
    """A closure that runs the workload once."""
    torch.manual_seed(0)
    memory_format = getattr(torch, layout)
    model, image = model_of(network)
    model = model.to(memory_format=memory_format)
    images = torch.randn(batch, *image).contiguous(memory_format=memory_format)

    if kind == "infer":
        model.eval()

        def infer():
            with torch.inference_mode():
                return model(images)

        return infer

    if kind == "train":
        classes = torch.arange(batch) % CLASSES
        optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, fused=True)

        def train():
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(images), classes).backward()
            optimizer.step()

        return train

    images.requires_grad_(True)
    d_output = torch.randn_like(model(images))

    def forward_and_backward():
        images.grad = None
        model.zero_grad(set_to_none=True)
        model(images).backward(d_output)

    return forward_and_backward


class Torch:
    """Both memory layouts of PyTorch."""

    def __init__(self, threads):
        self.torch = importlib.import_module("torch")
        self.torch.set_num_threads(threads)
        self.version = self.torch.__version__

    def open(self, network, kind, batch):
        layouts = {"contiguous": "contiguous_format", "channels_last": "channels_last"}
        return {
            name: torch_step(self.torch, network, kind, batch, layout)
            for name, layout in layouts.items()
        }


class OnnxRuntime:
    """ONNX Runtime on the network as PyTorch exports it, its batch size fixed."""

    def __init__(self, threads):
        self.torch = importlib.import_module("torch")
        self.onnxruntime = importlib.import_module("onnxruntime")
        self.threads = threads
        self.version = self.onnxruntime.__version__

    def open(self, network, kind, batch):
        if kind != "infer":
            raise ValueError(f"ONNX Runtime only infers, no {kind}")
        self.torch.manual_seed(0)
        model, image = model_of(network)
        images = self.torch.randn(batch, *image)
        options = self.onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        exported = self.exported(model.eval(), images)
        session = self.onnxruntime.InferenceSession(
            exported, options, providers=["CPUExecutionProvider"]
        )
        [x], [y] = session.get_inputs(), session.get_outputs()
        x, y, images = x.name, y.name, images.numpy()
        binding = session.io_binding()
        binding.bind_cpu_input(x, images)
        output = self.onnxruntime.OrtValue.ortvalue_from_numpy(session.run([y], {x: images})[0])
        binding.bind_ortvalue_output(y, output)
        return {
            "run": lambda: session.run([y], {x: images}),
            "io_binding": lambda: session.run_with_iobinding(binding),
        }

    def exported(self, model, images):
        """The bytes of the ONNX file: by the exporter that traces or, without it, the newer one."""
        failure = None
        for dynamo in (False, True):
            file = io.BytesIO()
            try:
                self.torch.onnx.export(model, (images,), file, dynamo=dynamo)
                return file.getvalue()
            except Exception as error:
                failure = failure or error
        raise failure


def median_ms(step, seconds):
    """The median time of as many steps as fit into `seconds`, at least one."""
    times = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter_ns()
        step()
        times.append(time.perf_counter_ns() - start)
    return sorted(times)[len(times) // 2] / 1e6


def main():
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    name, threads = sys.argv[1:]
    try:
        peer = {"torch": Torch, "onnxruntime": OnnxRuntime}[name](int(threads))
    except ModuleNotFoundError as error:
        return answer("missing", error.name)
    answer("ready", peer.version)
    steps = {}
    for line in sys.stdin:
        try:
            match line.split():
                case ["open", network, kind, batch, parameters]:
                    check_size(network, int(parameters))
                    steps = peer.open(network, kind, int(batch))
                    answer("ways", *steps)
                case ["run", way, seconds]:
                    answer("ms", median_ms(steps[way], float(seconds)))
                case _:
                    answer("error", "an unknown request:", line.strip())
        except Exception as error:
            answer("error", f"{type(error).__name__}:", " ".join(str(error).split()))


if __name__ == "__main__":
    main()
