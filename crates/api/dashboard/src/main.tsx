import { createRoot } from 'react-dom/client';
import { App } from './shell/app';
import { applyTheme } from './shell/theme';
import './style.css';

applyTheme();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
