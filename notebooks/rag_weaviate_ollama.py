# %% [markdown]
# # From a PDF link to an answer, with Weaviate and Ollama
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/#upload=true)
# *Upload this file there, or choose the tab GitHub and give the address of your clone.*
#
# A link to a PDF goes in, an answer with quotes and pages comes out. Weaviate holds the vectors and Ollama writes. Where one of them does not answer, the part that is
# built in takes its place and a sentence says so, so the notebook runs everywhere.
#
# Servers: `make up` in a clone starts both in containers. Install: `pip install 'kb-cited[weaviate]'`, or in a clone `pip install '.[weaviate]'`.

# %%
import os
from importlib.util import find_spec
from pathlib import Path

import httpx

from kb import KnowledgeBase

PDF = os.environ.get("PDF_LINK", "")  # such as "https://example.org/handbook.pdf"; empty: the handbook of the examples
WEAVIATE = os.environ.get("KB_WEAVIATE__URL", "http://127.0.0.1:8080")
OLLAMA = os.environ.get("KB_RAG__OLLAMA_URL", "http://127.0.0.1:11434")
MODEL = "llama3.2"


def answers(url: str) -> bool:
    """Tell whether a server answers."""
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


has_weaviate = find_spec("weaviate") is not None and answers(f"{WEAVIATE}/v1/.well-known/ready")
has_ollama = answers(f"{OLLAMA}/api/version") and any(
    model["name"].startswith(MODEL) for model in httpx.get(f"{OLLAMA}/api/tags").json()["models"]
)
store = "weaviate" if has_weaviate else "lancedb"
model = f"ollama:{MODEL}" if has_ollama else "extractive"
if not has_weaviate:
    print(f"Weaviate does not answer on {WEAVIATE}: the embedded index is used instead.")
if not has_ollama:
    print(f"Ollama with {MODEL} does not answer on {OLLAMA}: the built-in reader quotes instead of writing.")

# %% [markdown]
# ## Read the link
#
# The download has limits of size and time, and addresses of private networks are not fetched. The file is read in a process of its own.

# %%
EXAMPLES = next(folder / "examples" for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "examples").is_dir())
base = KnowledgeBase(collection="link", store=store, model=model)
report = base.ingest(PDF or EXAMPLES / "handbook.pdf")
[(file.doc, file.status, file.pages) for file in report.files]

# %% [markdown]
# ## Ask
#
# What a model writes is checked: a quote must stand on its page, a number in what is cited.

# %%
question = "Who is the head cook?"
answer = base.ask(question)
print(answer.answer)
print(answer.ground, [(citation.doc, citation.page + 1) for citation in answer.citations])

# %% [markdown]
# ## Follow up
#
# A follow-up is understood in the light of what came before.

# %%
conversation = base.chat()
for text in (question, "On which page does it say so?"):
    print(">", text)
    print(conversation.ask(text).answer)

# %%
base.close()
