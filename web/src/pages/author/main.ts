// The author's pages begin here: the look, the session, one App.

import '../../ui/look.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { session } from './session.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the shell has no #app');

void session.start();
target.replaceChildren();
mount(App, { target });
