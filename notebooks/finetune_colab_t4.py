# %% [markdown]
# # Tune a model on your documents, on a T4
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/#upload=true)
# *Upload this file there (or choose the tab GitHub and give the address of your clone), then: Runtime, Change runtime type, T4 GPU.*
#
# Training rows out of a PDF, SFT with QLoRA, DPO, merge, inference, and, if you like, an upload to the Hub. On a T4 the base is Qwen2.5-1.5B in four bits, in fp16, because a T4 has
# no bfloat16. **Without a GPU** SmolLM2-135M is trained for a few steps: too few to learn, enough to see every stage run.
#
# Install: `pip install 'kb-cited[train]'` once released, or in a clone `pip install '.[train]'`. Documents that you upload to Colab have left your machine.

# %%
import os
from pathlib import Path

import torch

from kb import KnowledgeBase

GPU = torch.cuda.is_available()
# A rehearsal trains very few steps; set KB_NOTEBOOK_STEPS=0 to train fully on a CPU, which takes half an hour.
STEPS = int(os.environ.get("KB_NOTEBOOK_STEPS", "0" if GPU else "20"))
RECIPE = "t4" if GPU else "smollm2-cpu"
RUN = "colab"
print(torch.cuda.get_device_name() if GPU else "no GPU: SmolLM2 on the CPU, a rehearsal")

# %%
if GPU:
    from kb.maintenance import fetch_model
    from kb.workspace import open_workspace

    fetch_model(open_workspace(), "Qwen/Qwen2.5-1.5B-Instruct")

# %% [markdown]
# ## Documents to rows
#
# Every row names the passage it comes from. On Colab: upload a PDF by the folder symbol on the left and name it here.

# %%
EXAMPLES = next(folder / "examples" for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "examples").is_dir())
base = KnowledgeBase(collection="colab", model="extractive")
base.ingest(os.environ.get("KB_NOTEBOOK_PDF") or EXAMPLES / "update.pdf")
manifest = base.synthesize("rows", pairs=int(os.environ.get("KB_NOTEBOOK_PAIRS", "400" if GPU else "60")))
print((Path("rows") / "train.jsonl").read_text(encoding="utf-8").splitlines()[0][:400])

# %% [markdown]
# ## SFT, then DPO
#
# The data is audited before the first step. DPO prefers the right answer over the model's own mistakes. After an interruption: `resume=True`.

# %%
half = max(1, STEPS // 2)
short = {"max_steps": STEPS, "save_steps": half, "eval_steps": half, "retain": "none"} if STEPS else {}
card = base.finetune(RUN, data="rows", recipe=RECIPE, dpo=GPU, on_note=print, **short)
print(card.name, dict(card.stages), {name: round(value, 3) for name, value in card.scores.items()})

# %%
losses = [point["loss"] for point in card.curves.get("sft", ()) if "loss" in point]
print(
    f"loss {losses[0]:.2f} -> {losses[-1]:.2f} in {len(losses)} logged steps"
    if losses
    else "too few steps to log a loss"
)

# %% [markdown]
# ## Merge, behind a comparison
#
# The merged model is asked what the trained one was asked. If it answers otherwise, nothing is written.

# %%
result = base.export(RUN, "hf", on_note=print)
print(result.path, dict(result.parity))

# %% [markdown]
# ## Inference
#
# From memory, by transformers alone: the merged folder is a model as any other.

# %%
from transformers import AutoModelForCausalLM, AutoTokenizer

merged = base.home / "runs" / RUN / "merged"
tokenizer = AutoTokenizer.from_pretrained(merged)
network = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float16 if GPU else torch.float32)
network = network.to("cuda" if GPU else "cpu")
messages = [{"role": "user", "content": "From which day is the circular in force?"}]
prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
with torch.no_grad():
    written = network.generate(**prompt.to(network.device), max_new_tokens=40, do_sample=False)
print(tokenizer.decode(written[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True))

# %% [markdown]
# With the documents, checked as every answer of `kb` is:

# %%
answer = base.ask("From which day is the circular in force?", model=f"run:{RUN}")
print(answer.answer, answer.ground)

# %% [markdown]
# ## Keep it
#
# `kb export colab --push USER/NAME` uploads the adapter and its card to the Hub, after `hf auth login`. `kb export colab --to gguf` writes one file for llama.cpp and Ollama.

# %%
base.close()
