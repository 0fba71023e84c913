// Files that are dropped: into an area, or anywhere else on the page, which must never leave for the file.

const holdsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

// Makes an element take files and folders; `take` gets the files.
export function takesFiles(element, take) {
  const over = (on) => element.classList.toggle("kb-over", on);
  for (const kind of ["dragenter", "dragover"]) element.addEventListener(kind, (event) => { if (holdsFiles(event)) { event.preventDefault(); over(true); } });
  element.addEventListener("dragleave", () => over(false));
  element.addEventListener("drop", async (event) => {
    over(false);
    if (event.defaultPrevented || !holdsFiles(event)) return;
    event.preventDefault();
    take(await dropped(event.dataTransfer));
  });
}

// The files of a drop, those inside of folders too.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean), plain = [...transfer.files];
  if (!entries.some((entry) => entry.isDirectory)) return plain;
  const files = [];
  const walk = async (entry) => {
    if (entry.isFile) files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else {
      const reader = entry.createReader();
      for (;;) {
        const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!part.length) return;
        for (const each of part) await walk(each);
      }
    }
  };
  for (const entry of entries) { try { await walk(entry); } catch { /* it cannot be read */ } }
  return files;
}
