/** Makes an element with a class and with children, strings as text. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

/** Puts a child in front, and lets the last ones go when there are more than `limit`. */
export function prepend(parent, child, limit) {
  parent.prepend(child);
  while (parent.children.length > limit) {
    parent.lastElementChild.remove();
  }
}
