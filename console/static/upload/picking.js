// Where files come from: what was dropped or chosen, as {file, name}, the name with the folders in it.

async function inFolder(entry, way = "") {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: way + file.name }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map((each) => inFolder(each, `${way}${entry.name}/`)))).flat();
}

// A folder that was chosen stands for what is in it, as for scripts/upload_workload.sh.
const within = (name) => name.slice(name.indexOf("/") + 1);

export const ofFolder = (files) => [...files].map((file) => ({ file, name: within(file.webkitRelativePath || file.name) }));

export const single = (files) => [...files].map((file) => ({ file, name: file.name }));

export async function dropped(items) {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter(Boolean); // now: they are gone afterwards
  const found = async (entry) =>
    (await inFolder(entry)).map(({ file, name }) => ({ file, name: entry.isDirectory ? within(name) : name }));
  return (await Promise.all(entries.map(found))).flat();
}
