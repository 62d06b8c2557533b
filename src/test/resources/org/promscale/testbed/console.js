// Finds on a page what the guide names, as a reader would: by what can be seen.
// Arguments: "click" or "enter", the name, the value. Returns null while it is not there, else
// [element, how]: "click" it, "type" the value and look again, "once" type it, or "done".
const [action, name, value] = arguments;

const text = s => (s || '').replace(/\s+/g, ' ').replace(/[ :*]+$/, '').trim();
const named = e =>
  [e.textContent, e.value, e.title, e.dataset.originalTitle, e.ariaLabel].map(text).includes(name);
const shown = e =>
  e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0;
const looksClickable = e =>
  getComputedStyle(e).cursor === 'pointer' || /^(A|BUTTON|INPUT|LABEL|TD)$/.test(e.tagName);
// Not below a dialog or a message that is about to go.
const reachable = e => {
  e.scrollIntoView({block: 'center'});
  const box = e.getClientRects()[0];
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !!top && (e.contains(top) || top.contains(e));
};

const clickable = () => {
  const kinds = 'a,button,input[type=submit],input[type=button],li,label,span,td,[title]';
  // The last one: the innermost, and of the columns of WildFly's console the rightmost.
  return [...document.querySelectorAll(kinds)]
    .filter(e => named(e) && shown(e) && looksClickable(e) && reachable(e)).pop();
};

const following = (control, kinds) => {
  const all = [...document.querySelectorAll('input,select')];
  return all.slice(all.indexOf(control) + 1).find(e => e.matches(kinds) && shown(e));
};

const choice = select => {
  const option = [...select.options].find(o => text(o.text) === value);
  if (!option) {
    // Payara's console has a field for everything that is not in the list beside it.
    return field(following(select, 'input[type=text]'));
  }
  if (option.selected) {
    return [select, 'done'];
  }
  if (shown(select) && getComputedStyle(select).opacity !== '0' && !select.closest('.bootstrap-select')) {
    return [option, 'click'];
  }
  const button = document.querySelector(`[data-id="${select.id}"]`);
  const item = [...button.parentElement.querySelectorAll('li a')]
    .find(e => text(e.textContent) === value && shown(e));
  return [item || button, 'click'];
};

const field = control => {
  if (control.tagName === 'SELECT') {
    return choice(control);
  }
  switch (control.type) {
    case 'file':
      return [control, 'once'];
    case 'radio':
      return control.checked
        ? field(following(control, 'input[type=text],input[type=file]'))
        : [control, 'click'];
    case 'checkbox':
      return control.checked === (value === 'ON')
        ? [control, 'done']
        : [control.closest('.bootstrap-switch-wrapper') || control, 'click'];
    default:
      return [control, control.value === value ? 'done' : 'type'];
  }
};

// A new row of a table, its columns named in the head.
const cell = () => {
  const head = [...document.querySelectorAll('th')].filter(e => named(e) && shown(e)).pop();
  const inputs = head && [...head.closest('table').rows]
    .map(row => row.cells[head.cellIndex])
    .map(e => e && e.querySelector('input[type=text]'));
  const empty = inputs && inputs.find(e => e && !e.value);
  return empty && [empty, 'once'];
};

if (action === 'click') {
  const found = clickable();
  return found ? [found, 'click'] : null;
}
const label = [...document.querySelectorAll('label')]
  .filter(e => named(e) && shown(e) && e.control && !e.control.disabled).pop();
return (label ? field(label.control) : cell()) || null;
