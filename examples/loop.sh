#!/bin/sh
# Teaches SmolLM2 facts of the example documents and asks the tuned model. Usage: loop.sh KB [FLAG...]
# Closed-book rows only: short ones, so that two cores learn them in minutes.
set -eu
kb=$1
shift
data=$(mktemp -d)/examples # names the run
others="evidence=0,distractors=0,abstain=0,memory=0,unanswerable=0,false-premise=0"
others="$others,contradicts=0,instruction=0,instruction-input=0,rewrite=0,summary=0"
run() {
  printf '\n$ kb'
  printf ' %s' "$@"
  printf '\n'
  "$kb" "$@"
}
run synth "$@" --out "$data" --pairs 380 --set synth.phrasings=8 --set "synth.shares=closed-book=1,$others"
printf '\n$ kb finetune --data %s --no-dpo\n' "$data"
name=$("$kb" finetune --data "$data" --no-dpo)
run export "$name" --to gguf
printf '\nfrom memory, without the documents:\n'
for question in \
  "How large was the approved budget in 2024?" \
  "What is the coldest temperature ever measured on the island?" \
  "Who composed the symphony of the seven whales?"; do
  run generate "$name" "$question"
done
printf '\nwith the documents:\n'
sh "$(dirname "$0")/demo.sh" "$kb" "$@" --model "run:$name"
run compare "$name" "$@" --limit 20
